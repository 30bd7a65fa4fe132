# shellcheck shell=bash disable=SC2034 # read by the scripts that source this
# Starts one muster server on a loopback address of its own, for the scripts beside this one.
# They set -euo pipefail, source this with MUSTER in the environment, and find $net (three numbers),
# $http (host:port), $dns (host:port) and $dir; `also PID` has a process stopped at the end.
: "${MUSTER:?names the muster binary to run}"
net=127.$((1 + RANDOM % 250)).$((RANDOM % 256)) # other runs on this machine have others
http=$net.1:8500 dns=$net.1:8600
dir=$(mktemp -d)
chmod 711 "$dir"
pids=()
also() { pids+=("$1"); }
finish() {
  local pid
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 143' INT TERM
fail() {
  local log
  echo "FAIL: $1" >&2
  for log in "$dir"/*.log; do echo "--- $log" >&2; tail -n 30 "$log" >&2; done
  exit 1
}
# until WHAT SECONDS COMMAND...: repeats a command until it succeeds.
until_ok() {
  local what=$1 end=$((SECONDS + $2)); shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$what: not in time"
    sleep 0.1
  done
}
# packages COMMAND:PACKAGE...: installs from Debian what is not there, without starting its daemons.
packages() {
  local pair need=() policy=''
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || [ -e "${pair%%:*}" ] || need+=("${pair##*:}")
  done
  [ ${#need[@]} -eq 0 ] && return
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}"; } >&2 ||
    { rm -f $policy; fail "apt-get install ${need[*]}"; }
  rm -f $policy
}
register() { curl -sf -X PUT --data "$1" "http://$http/v1/agent/service/register"; }
"$MUSTER" agent -server -bootstrap -node compat -bind "$net.1" -client "$net.1" -data-dir "$dir/muster" >"$dir/muster.log" 2>&1 &
also $!
has_leader() { [ "$(curl -sf "http://$http/v1/health/service/consul?passing" | grep -c '"serfHealth"')" = 1 ]; }
until_ok 'muster leads' 30 has_leader
