#!/usr/bin/env bash
# Measures what a registered instance costs muster in memory, and how fast
# instances are registered.
#
#   contrib/bench/memory.sh [-services 10000] [-each 10] [-clients 16] [-settle 60] [-json FILE]
#
# A server with its state on disk is started, once empty and once to take
# SERVICES x EACH instances with one check each over /v1/catalog/register, CLIENTS
# connections at a time. Then DNS is asked for every service once. Prints
# registrations per second, resident memory in total and per instance (less that
# of the empty server), right away and after SETTLE seconds, and Go's own heap
# figures from /metrics. Wanted: at most 5 KiB per instance, at least 4,000
# registrations a second.
#
# MUSTER names a program to measure in place of one built from this tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

services=10000 each=10 clients=16 settle=60 json=/dev/null
while [ $# -gt 0 ]; do
  case $1 in
    -services) services=$2 ;;
    -each) each=$2 ;;
    -clients) clients=$2 ;;
    -settle) settle=$2 ;;
    -json) json=$2 ;;
    *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2; exit 2 ;;
  esac
  shift 2
done
command -v curl >/dev/null || { apt-get update -qq; apt-get install -y -qq curl >&2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-bench.XXXXXX")
agent=
stop() {
  if [ -n "$agent" ]; then
    kill "$agent" 2>/dev/null || true
    wait "$agent" 2>/dev/null || true
    agent=
  fi
}
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

go build -o "$work/load" ./contrib/bench/load
if [ -z "${MUSTER:-}" ]; then
  MUSTER=$work/muster
  CGO_ENABLED=0 go build -o "$MUSTER" ./cmd/muster
fi

# start DIR: runs a server with its state in DIR, on ports the kernel picks; sets agent, http and dns.
start() {
  "$MUSTER" agent -server -bootstrap-expect 1 -node bench -bind 127.0.0.1 -data-dir "$1" \
    -http-port 0 -dns-port 0 -server-port 0 -log-level info >"$1.log" 2>&1 &
  agent=$!
  for _ in $(seq 100); do
    sleep 0.2
    kill -0 "$agent" 2>/dev/null || { cat "$1.log" >&2; exit 1; }
    http=$(address http "$1.log") dns=$(address dns "$1.log")
    if [ -n "$http" ] && [ -n "$dns" ] && curl -sf "http://$http/v1/status/leader" | grep : >/dev/null; then return; fi
  done
  echo "the agent did not start:" >&2
  cat "$1.log" >&2
  exit 1
}

# address PROTOCOL LOG: where the log says that it listens.
address() { sed -n "s/.*listening protocol=$1 addr=//p" "$2"; }

# resident: the agent's resident memory in KiB.
resident() { awk '/^VmRSS:/ {print $2}' "/proc/$agent/status"; }

# gauge NAME: a series of /metrics in KiB.
gauge() { awk -v name="$1" '$1 == name {printf "%.0f", $2 / 1024}' "$work/metrics"; }

field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }

start "$work/empty"
sleep 5
empty=$(resident)
stop

start "$work/full"
set_of=(-services "$services" -each "$each" -nodes 1000)
registered=$("$work/load" register -http "$http" -clients "$clients" "${set_of[@]}")
"$work/load" ask -dns "$dns" "${set_of[@]}" >/dev/null
now=$(resident)
sleep "$settle"
settled=$(resident)
curl -sf "http://$http/metrics" >"$work/metrics"

instances=$(field 'done' <<<"$registered")
rate=$(field per_second <<<"$registered")
per() { awk -v rss="$1" -v empty="$empty" -v n="$instances" 'BEGIN {printf "%.2f", (rss - empty) / n}'; }
cat <<REPORT
machine: $(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(uname -sr), $("$MUSTER" version | head -n 1), load average $(cut -d' ' -f1-3 /proc/loadavg)
registered            $instances instances with a check each, in $services services, by $clients clients
registrations         $rate a second (wanted >= 4000)
resident, empty       $empty KiB
resident, at once     $now KiB, $(per "$now") KiB per instance
resident, after ${settle}s   $settled KiB, $(per "$settled") KiB per instance (wanted <= 5)
of that anonymous     $(awk '/^RssAnon:/ {print $2}' "/proc/$agent/status") KiB
heap, in use          $(gauge go_memstats_heap_inuse_bytes) KiB
heap, next GC at      $(gauge go_memstats_next_gc_bytes) KiB
heap, free            $(gauge go_memstats_heap_idle_bytes) KiB, of which given back $(gauge go_memstats_heap_released_bytes) KiB
Go, all               $(gauge go_memstats_sys_bytes) KiB
on disk               $(du -sk "$work/full" | cut -f1) KiB
REPORT
printf '{"instances":%s,"clients":%s,"registrations_per_second":%s,"rss_empty_kib":%s,"rss_at_once_kib":%s,"rss_settled_kib":%s,"kib_per_instance":%s,"next_gc_kib":%s}\n' \
  "$instances" "$clients" "$rate" "$empty" "$now" "$settled" "$(per "$settled")" "$(gauge go_memstats_next_gc_bytes)" >"$json"
