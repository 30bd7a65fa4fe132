#!/usr/bin/env bash
# Measures how fast an instance that died leaves the answers of a whole cluster.
#
#   contrib/bench/drop.sh [-drops 200] [-kinds interval,hold,pid] [-load 10000] [-flips 500] [-flip-for 1m] [-help for more]
#
# Builds muster from this tree and runs three servers and two clients as processes of this
# machine (Linux; addresses of 127.0.0.0/8). Twenty instances of one service, each a process
# of its own, are spread over the agents, which probe them by TCP:
#
#   interval  every 100 ms
#   hold      every 2 s, and at once when a connection that is held ends
#   pid       every 2 s, and at once when the process ends
#
# Instances are killed one at a time, -drops times for each kind, first calm, then while all agents
# together are asked -load further questions a second for the same service. Last, -flips checks
# of another service change their status every second, all of them, for as long as -flip-for
# says. All the while every agent is asked for the service every 2 ms.
#
# Prints how long it took until no agent's DNS showed the dead instance (the answer without it was
# there), from its death and from the moment that its probe saw it (as the probing agent tells),
# for people as a table, for programs as one line of JSON; what the agents' own metrics say of it; and how
# many flips a second made how many entries a second in the raft log.
#
# Exits with 1 if not all drops happened, an answer was lost, or a dead instance came back; with
# -strict also if something took longer than wanted. The machine's other work counts.
#
# MUSTER names a program to measure in place of one built from this tree. After a failure the
# agents' data and logs are kept, and the last line says where.
set -euo pipefail
[ -z "${MUSTER:-}" ] || MUSTER=$(realpath "$MUSTER")
cd "$(dirname "$0")/../.."

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-drop.XXXXXX")
drop=''
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  local status=$?
  if [ -n "$drop" ]; then # interrupted: it ends what it started
    kill "$drop" 2>/dev/null || true
    wait "$drop" 2>/dev/null || true
  fi
  rm -f "$work/drop" "$work/muster"
  case $status in
    0 | 130 | 143) rm -rf "$work" ;;
    *) rmdir "$work/agents" "$work" 2>/dev/null || true ;; # nothing was started: nothing to keep
  esac
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir "$work/agents"
go build -o "$work/drop" ./contrib/bench/drop
if [ -z "${MUSTER:-}" ]; then
  MUSTER=$work/muster
  CGO_ENABLED=0 go build -o "$MUSTER" ./cmd/muster
fi

# Run beside the shell, not in its foreground, so that traps are obeyed at once.
"$work/drop" -muster "$MUSTER" -dir "$work/agents" "$@" &
drop=$!
status=0
wait "$drop" || status=$?
drop=''
exit "$status"
