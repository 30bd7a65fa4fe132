#!/usr/bin/env bash
# Measures writes and reads of keys over HTTP beside etcd 3.4.
#
#   contrib/bench/kv.sh [-seconds 10] [-rounds 3] [-connections 64] [-value 100] [-keys 1000] [-servers "1 3"] [-threads 1] [-json FILE]
#
# wrk puts values of VALUE bytes under random ones of KEYS keys, and then gets them, over
# so many CONNECTIONS: muster's /v1/kv in its default consistency, and /v3/kv/put and /v3/kv/range of etcd's
# gateway, which are linearizable. Both keep their data on disk, in TMPDIR. With three servers, which is
# measured too, requests go to the leader. Servers take turns; figures are the medians of the rounds
# and ratios the medians of the rounds' ratios. Disk flushes are those of the whole disk, as the kernel
# counts them; what else the machine does counts too. wrk has one thread unless -threads says more: with
# as many as there are CPUs, p99 shows how the kernel shares these out between wrk and the server. Absolute figures say little on a shared machine.
#
# Wanted of one server: puts >= 1.5x etcd's, gets >= 3x etcd's, and a p99 no worse than etcd's.
#
# wrk and etcd-server are installed from Debian if missing. MUSTER names a program to measure in
# place of one built from this tree. All listens on 127.77.0.0/16 (Linux).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=10 rounds=3 connections=64 value=100 keys=1000 sizes='1 3' threads=1 json=/dev/null
while [ $# -gt 0 ]; do
  case $1 in
    -seconds) seconds=$2 ;;
    -rounds) rounds=$2 ;;
    -connections) connections=$2 ;;
    -value) value=$2 ;;
    -keys) keys=$2 ;;
    -servers) sizes=$2 ;;
    -threads) threads=$2 ;;
    -json) json=$2 ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2 ;;
  esac
  shift 2
done
need=()
for tool in wrk:wrk etcd:etcd-server curl:curl jq:jq; do
  command -v "${tool%%:*}" >/dev/null || need+=("${tool##*:}")
done
# Debian would start an etcd of its own.
[ ${#need[@]} -eq 0 ] || { apt-get update -qq; RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${need[@]}" >&2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-kv.XXXXXX")
disk=/sys/class/block/$(basename "$(df --output=source "$work" | tail -n 1)")/stat
pids=()
stop() {
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
  pids=()
}
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
fail() { echo "$0: $1" >&2; tail -n 20 "$work"/*.log >&2 || true; exit 1; }

if [ -z "${MUSTER:-}" ]; then
  MUSTER=$work/muster
  CGO_ENABLED=0 go build -o "$MUSTER" ./cmd/muster
fi

# await WHAT COMMAND...: the command must succeed within 20 s.
await() {
  local what=$1 end=$((SECONDS + 20)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$what did not start"
    sleep 0.1
  done
}

# start_muster N, start_etcd N: run N servers and set url to where the leader is.
start_muster() {
  local i join=()
  for i in $(seq "$1"); do join+=(-retry-join "127.77.1.$i"); done
  for i in $(seq "$1"); do
    "$MUSTER" agent -server -bootstrap-expect "$1" -node "m$i" -bind "127.77.1.$i" -client "127.77.1.$i" -data-dir "$work/m$i" \
      "${join[@]}" >"$work/m$i.log" 2>&1 &
    pids+=($!)
  done
  await muster curl -sf -X PUT -d x http://127.77.1.1:8500/v1/kv/started
  url=http://$(curl -s http://127.77.1.1:8500/v1/status/leader | tr -d '"' | cut -d: -f1):8500
}
start_etcd() {
  local i cluster='' end members
  for i in $(seq "$1"); do cluster+=${cluster:+,}e$i=http://127.77.2.$i:2380; done
  for i in $(seq "$1"); do
    etcd --name "e$i" --data-dir "$work/e$i" --initial-cluster "$cluster" --logger zap --log-level error \
      --listen-client-urls "http://127.77.2.$i:2379" --advertise-client-urls "http://127.77.2.$i:2379" \
      --listen-peer-urls "http://127.77.2.$i:2380" --initial-advertise-peer-urls "http://127.77.2.$i:2380" >"$work/e$i.log" 2>&1 &
    pids+=($!)
  done
  await etcd curl -sf -d '{"key":"eA==","value":"eA=="}' http://127.77.2.1:2379/v3/kv/put
  for i in $(seq "$1"); do
    if curl -s -d '{}' "http://127.77.2.$i:2379/v3/maintenance/status" | jq -e '.leader == .header.member_id' >/dev/null; then
      url=http://127.77.2.$i:2379
    fi
  done
}

flushes() { awk '{print $16}' "$disk"; }

# load SERVER PUT|GET: prints {"rate":, "p50":, "p99":, "errors":, "flushes":}; latencies in ms, the others per second.
load() {
  local before after out
  before=$(flushes)
  out=$(SERVER=$1 VERB=$2 VALUE=$value KEYS=$keys wrk -t "$threads" -c "$connections" -d "${seconds}s" -s contrib/bench/kv/kv.lua "$url" | tail -n 1)
  after=$(flushes)
  jq -c ".flushes = ($after - $before) / $seconds" <<<"$out"
}

for servers in $sizes; do
  for round in $(seq "$rounds"); do
    for server in etcd muster; do
      "start_$server" "$servers"
      for verb in PUT GET; do
        got=$(load "$server" "$verb")
        echo "$servers server(s), round $round: $server $verb $got" >&2
        jq -c --arg server "$server" --arg verb "$verb" ". + {servers: $servers, round: $round, server: \$server, verb: \$verb}" <<<"$got" >>"$work/results"
      done
      stop
      rm -rf "$work"/m[0-9]* "$work"/e[0-9]*
    done
  done
done

echo "machine: $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(uname -sr), $("$MUSTER" version | head -n 1), $(etcd --version | head -n 1), load average $(cut -d' ' -f1-3 /proc/loadavg)"
jq -s -f contrib/bench/kv/table.jq "$work/results" >"$work/table"
cp "$work/table" "$json"
{
  echo 'servers verb server requests/s p50(ms) p99(ms) errors/s flushes/s requests_x_etcd p99_x_etcd'
  jq -r '.[] | [.servers, .verb, .server, .rate, .p50, .p99, .errors, .flushes, .of_etcd, .p99_of_etcd] | map(if type == "number" then . * 100 | round / 100 else . end | tostring) | join(" ")' "$work/table"
} | column -t
jq -r '.[] | select(.servers == 1 and .server == "muster") | . as $m
  | {PUT: 1.5, GET: 3}[.verb] as $want
  | (if .of_etcd >= $want then "reached" else "missed" end) + ": \(.verb) \(.of_etcd * 100 | round / 100)x etcd, wanted >= \($want)",
    (if .p99_of_etcd <= 1 then "reached" else "missed" end) + ": \(.verb) p99 \(.p99_of_etcd * 100 | round / 100)x etcd, wanted <= 1"' "$work/table"
