#!/usr/bin/env bash
# HAProxy (Debian: haproxy) takes its servers from muster's DNS by SRV: `resolvers` with a
# `server-template`. A backend that fails its check leaves, one that comes back returns.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=agent.sh disable=SC1091,SC2154
. ./agent.sh
packages haproxy:haproxy curl:curl
mkdir "$dir/www"
for i in 1 2; do
  mkdir "$dir/www/$i"
  echo "backend $i" >"$dir/www/$i/index.html"
done
serve() { /usr/bin/python3 -m http.server --bind "$net.2$1" --directory "$dir/www/$1" 8080 >"$dir/www$1.log" 2>&1 & also $!; last=$!; }
for i in 1 2; do
  serve $i
  [ $i = 1 ] || second=$last
  register '{"ID": "web'$i'", "Name": "web", "Address": "'"$net.2$i"'", "Port": 8080,
    "Check": {"TCP": "'"$net.2$i"':8080", "Interval": "200ms"}}'
done
cat >"$dir/haproxy.cfg" <<CFG
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
resolvers muster
  nameserver agent $dns
  accepted_payload_size 8192
  resolve_retries 3
  timeout resolve 300ms
  timeout retry 300ms
  hold valid 300ms
  hold nx 300ms
  hold obsolete 300ms
frontend in
  bind $net.3:8000
  default_backend web
backend web
  balance roundrobin
  server-template web 4 _web._tcp.service.consul resolvers muster resolve-opts allow-dup-ip resolve-prefer ipv4 init-addr none check inter 300ms
CFG
haproxy -f "$dir/haproxy.cfg" -db >"$dir/haproxy.log" 2>&1 &
also $!
answers() { for _ in 1 2 3 4; do curl -sf "http://$net.3:8000/" || true; done | sort -u | paste -sd,; }
gives() { [ "$(answers)" = "$1" ]; }
until_ok 'both backends answer' 30 gives 'backend 1,backend 2'
kill "$second"
until_ok 'the dead backend is left out' 30 gives 'backend 1'
serve 2
until_ok 'the backend is back' 30 gives 'backend 1,backend 2'
echo 'haproxy: server-template follows the catalog'
