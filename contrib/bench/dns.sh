#!/usr/bin/env bash
# Measures what muster's DNS costs beside a bare echo, Knot DNS and NSD.
#
#   contrib/bench/dns.sh [-quick] [-workloads a1k,srv] [-json FILE] [-help for more]
#
# Prints a table of server CPU time per query (user and system, from /proc, all
# threads) and queries per second, with ratios to the echo, for each workload:
#
#   a1k       1,000 names x 3 A, asked with EDNS
#   a100k     10,000 services x 10 A, asked at random
#   srv       1,000 names x 3 SRV with their addresses
#   nxdomain  random unknown names
#   tcp       a1k over TCP
#   churn     a1k while 200 changes a second go through muster's HTTP API
#
# a1k and a100k are also measured under half of each server's own full load
# (dnsperf -Q), with latency: 1,000 further questions a second, timed from just before the
# send to the kernel's stamp of the answer's arrival.
#
# Every figure is the median of three rounds in which the servers take turns;
# ratios are the medians of the rounds' ratios. Each server has one worker and
# one CPU, the load has another. All is on loopback, on free ports, and gone
# afterwards. Absolute figures say little on a shared machine: compare ratios of one run.
#
# SERVER_CPU and LOAD_CPU (default 0 and 1) choose the CPUs. MUSTER names a
# program to measure in place of one built from this tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing=()
for tool in dnsperf:dnsperf knotd:knot nsd:nsd gcc:gcc taskset:util-linux; do
  PATH=$PATH:/usr/sbin command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" libc6-dev >&2
  # The packages start their servers on port 53; nobody asked for that here.
  if [ -d /run/systemd/system ]; then
    for unit in knot nsd; do
      case " ${missing[*]} " in *" $unit "*) systemctl disable --now "$unit" >&2 || true ;; esac
    done
  fi
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-bench.XXXXXX")
bench=
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  # The bench program stops the servers it started.
  if [ -n "$bench" ]; then
    kill "$bench" 2>/dev/null || true
    wait "$bench" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

gcc -O2 -pthread -o "$work/echo" contrib/bench/echo/echo.c
go build -o "$work/load" ./contrib/bench/load
go build -o "$work/dns" ./contrib/bench/dns
if [ -z "${MUSTER:-}" ]; then
  MUSTER=$work/muster
  CGO_ENABLED=0 go build -o "$MUSTER" ./cmd/muster
fi

# Run beside the shell, not in its foreground, so that traps are obeyed at once.
PATH=$PATH:/usr/sbin taskset -c "${LOAD_CPU:-1}" "$work/dns" -dir "$work" \
  -muster "$MUSTER" -echo "$work/echo" -load "$work/load" -core "${SERVER_CPU:-0}" "$@" &
bench=$!
status=0
wait "$bench" || status=$?
bench=
exit "$status"
