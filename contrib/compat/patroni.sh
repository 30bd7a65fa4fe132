#!/usr/bin/env bash
# Patroni (Debian: patroni, postgresql) keeps two PostgreSQL instances by its `consul:` section:
# a leader is elected, the other replicates, and follows it when its Patroni is killed.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=agent.sh disable=SC1091,SC2154
. ./agent.sh
packages patroni:patroni /usr/lib/postgresql:postgresql curl:curl jq:jq
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
[ "$(id -u)" != 0 ] || chown postgres "$dir" # PostgreSQL does not run as root
as=()
[ "$(id -u)" != 0 ] || as=(setpriv --reuid=postgres --regid=postgres --init-groups)
# A PostgreSQL whose Patroni was killed has no one else to stop it.
orphans() {
  local pid
  for pid in "$dir"/db?/postmaster.pid; do
    if [ -e "$pid" ]; then kill -INT "$(head -n 1 "$pid")" 2>/dev/null || true; fi
  done
}
trap 'orphans; finish' EXIT
node() { # node NUMBER: starts one Patroni
  local me=$net.1$1
  cat >"$dir/$1.yml" <<YML
scope: db
name: db$1
restapi: {listen: "$me:8008", connect_address: "$me:8008"}
consul: {host: "$http", register_service: true}
bootstrap:
  dcs: {ttl: 20, loop_wait: 2, retry_timeout: 3, maximum_lag_on_failover: 1048576}
  initdb: [{encoding: UTF8}, data-checksums]
  pg_hba: ["host all all 127.0.0.0/8 trust", "host replication all 127.0.0.0/8 trust"]
postgresql:
  listen: "$me:5432"
  connect_address: "$me:5432"
  data_dir: "$dir/db$1"
  bin_dir: "$bin"
  pgpass: "$dir/pgpass$1"
  authentication: {superuser: {username: postgres}, replication: {username: postgres}}
  parameters: {unix_socket_directories: "", fsync: "off"}
YML
  "${as[@]}" patroni "$dir/$1.yml" >"$dir/patroni$1.log" 2>&1 &
  also $!
  patroni=$!
}
sql() { "$bin/psql" -qAt -h "$net.1$1" -U postgres -d postgres -c "$2"; }
role() { curl -s "http://$net.1$1:8008/patroni" | jq -r '.role+" "+.state'; }
is_role() { [ "$(role "$1")" = "$2" ]; }
leads() { [ "$(curl -sf "http://$http/v1/kv/service/db/leader?raw")" = "$1" ]; }
node 1
first=$patroni
until_ok 'the first leads' 120 is_role 1 'master running'
until_ok "the key of the leader" 30 leads db1
node 2
until_ok 'the second replicates' 120 is_role 2 'replica running'
sql 1 'CREATE TABLE t AS SELECT 42 AS n'
replicated() { [ "$(sql 2 'SELECT n FROM t')" = 42 ]; }
until_ok 'a row arrives' 30 replicated
master() { [ "$(curl -sf "http://$http/v1/health/service/db?passing&tag=$1" | jq -r '[.[].Service.Address]|join(",")')" = "$2" ]; }
until_ok 'the leader is a service' 30 master master "$net.11"
began=$SECONDS
kill -9 "$first"
until_ok 'the second leads' 120 is_role 2 'master running'
until_ok "the key of the new leader" 30 leads db2
took=$((SECONDS - began))
sql 2 'INSERT INTO t VALUES (43)'
until_ok 'the new leader is a service' 30 master master "$net.12"
echo "patroni: failed over in $took s"
