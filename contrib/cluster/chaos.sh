#!/usr/bin/env bash
# Breaks a cluster on purpose and counts what its users notice.
#
#   contrib/cluster/chaos.sh [-kills 20] [-restarts 1] [-deaths 20] [-outages 1] [-help for more]
#
# Builds muster from this tree and runs three servers and two clients as processes of this
# machine (Linux; addresses of 127.0.0.0/8, of a network left to chance unless -net says which).
# Every agent is asked for a service by DNS every 2 ms, and keys are written one after the other
# through whichever agent is up, while
#
#   -kills     times the leader is killed by SIGKILL, and comes back once there is a new one,
#   -restarts  times every agent is stopped by SIGINT and started again, in random order,
#   -deaths    times a client with a service is killed, and comes back once nobody answers with it,
#   -outages   times all servers are killed at once and come back after -pause.
#
# Prints a table for people and one line of JSON for programs:
#
#   cluster formed in    from the start of the first process to three voters and five agents that answer
#   leaders killed       the longest time without an acknowledged write round each death
#   clients killed       how long after its death the last of the other agents answered with its service
#   questions            failed: no good answer within 1 s from an agent that is up. An agent is up
#                        from its first answer until it is stopped or killed. Wanted: 0
#   writes               lost: acknowledged, and not there in the end. Wanted: 0. Those not
#                        acknowledged were going through an agent that died, as a rule
#
# Exits with 1 if a question failed, a write was lost, or less was broken than was asked for. How long is too
# long is for people to judge, unless -within says; the machine's other work counts. With -seed of an
# earlier run what is left to chance is the same.
#
# MUSTER names a program to run in place of one built from this tree. After a failure the agents'
# data and logs are kept, and the last line says where.
set -euo pipefail
[ -z "${MUSTER:-}" ] || MUSTER=$(realpath "$MUSTER")
cd "$(dirname "$0")/../.."

work=$(mktemp -d "${TMPDIR:-/tmp}/muster-chaos.XXXXXX")
chaos=''
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
  local status=$?
  if [ -n "$chaos" ]; then # interrupted: it ends the agents it started
    kill "$chaos" 2>/dev/null || true
    wait "$chaos" 2>/dev/null || true
  fi
  rm -f "$work/chaos" "$work/muster"
  case $status in
    0 | 130 | 143) rm -rf "$work" ;;
    *) rmdir "$work/agents" "$work" 2>/dev/null || true ;; # nothing was started: nothing to keep
  esac
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir "$work/agents"
go build -o "$work/chaos" ./contrib/cluster/chaos
if [ -z "${MUSTER:-}" ]; then
  MUSTER=$work/muster
  CGO_ENABLED=0 go build -o "$MUSTER" ./cmd/muster
fi

# Run beside the shell, not in its foreground, so that traps are obeyed at once.
"$work/chaos" -muster "$MUSTER" -dir "$work/agents" "$@" &
chaos=$!
status=0
wait "$chaos" || status=$?
chaos=''
exit "$status"
