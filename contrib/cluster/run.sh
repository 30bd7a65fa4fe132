#!/usr/bin/env bash
# A cluster on this machine, to play with: three servers, and a client with a web service that
# it probes, each on an address of its own with the usual ports.
#
#   contrib/cluster/run.sh [-net 127.0.0] [-dir DIR] [-keep]
#
#   -net   the first three numbers of all addresses; servers are .1, .2, .3, the client is .4
#   -dir   where data and logs go, so that a later run finds them again (default: a new directory in /tmp)
#   -keep  leave data and logs of a new directory where they are
#
# Ctrl-C stops everything. Linux only: elsewhere 127.0.0.1 is the only address of its kind.
# MUSTER names a program to run in place of one built from this tree.
set -euo pipefail
net=127.0.0 dir='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    -net) net=${2:?-net needs three numbers}; shift ;;
    -dir) dir=${2:?-dir needs a directory}; keep=yes; shift ;;
    -keep) keep=yes ;;
    -h | -help | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0"; exit ;;
    *) echo "$0: $1 is none of -net, -dir, -keep, -help" >&2; exit 2 ;;
  esac
  shift
done
[ -n "$dir" ] || dir=$(mktemp -d "${TMPDIR:-/tmp}/muster-cluster.XXXXXX")
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
[ -z "${MUSTER:-}" ] || MUSTER=$(realpath "$MUSTER")
cd "$(dirname "$0")/../.."

pids=()
# shellcheck disable=SC2317 # the trap calls it
stop() {
  trap - EXIT INT TERM HUP
  # The agents stop as by a service manager's restart: nobody leaves the cluster for good.
  for pid in ${pids[@]+"${pids[@]}"}; do kill "$pid" 2>/dev/null || true; done
  for pid in ${pids[@]+"${pids[@]}"}; do wait "$pid" 2>/dev/null || true; done
  if [ -n "$keep" ]; then echo "data and logs are in $dir"; else rm -rf "$dir"; fi
}
trap stop EXIT
trap 'echo; exit 0' INT
trap 'exit 143' TERM HUP

fail() { echo "$0: $1" >&2; exit 1; }

bin=$dir/bin
mkdir -p "$bin"
CGO_ENABLED=0 go build -o "$bin/backend" ./contrib/example/backend
if [ -n "${MUSTER:-}" ]; then
  ln -sf "$MUSTER" "$bin/muster"
else
  echo 'building muster'
  CGO_ENABLED=0 go build -o "$bin/muster" ./cmd/muster
fi

# agent NAME ADDRESS FLAGS...: starts an agent that meets the servers, out of reach of the terminal's Ctrl-C.
agent() {
  local name=$1 address=$2; shift 2
  setsid "$bin/muster" agent -node "$name" -bind "$address" -client "$address" -data-dir "$dir/$name" \
    -pid-file "$dir/$name.pid" -retry-join "$net.1" -retry-join "$net.2" -retry-join "$net.3" "$@" >>"$dir/$name.log" 2>&1 &
  pids+=($!)
}

mkdir -p "$dir/client1.d"
cat >"$dir/client1.d/web.json" <<JSON
{
  "leave_on_terminate": false, // the script stops it, it does not go for good
  "service": {
    "name": "web",
    "port": 8080,
    "check": {"http": "http://$net.4:8080/", "interval": "1s"},
  },
}
JSON
for i in 1 2 3; do agent "server$i" "$net.$i" -server -bootstrap-expect 3; done
agent client1 "$net.4" -ui -config-dir "$dir/client1.d"
setsid "$bin/backend" "$net.4:8080" >>"$dir/web.log" 2>&1 &
pids+=($!)
web=$!

# The cluster is complete when the client answers with the service, whose probe passes.
deadline=$((SECONDS + 20))
until "$bin/muster" query -server "$net.4" -port 8600 web.service.consul >/dev/null 2>&1; do
  for i in "${!pids[@]}"; do
    kill -0 "${pids[i]}" 2>/dev/null || fail "$(tail -n 3 "$dir"/*.log)"
  done
  [ $SECONDS -lt $deadline ] || fail "no answer within 20 s: $(tail -n 3 "$dir"/*.log)"
  sleep 0.1
done

cat <<END
Three servers ($net.1 to .3) and a client ($net.4) run. Logs and data: $dir

  PATH=$bin:\$PATH; export MUSTER_HTTP_ADDR=$net.4:8500

Ask for the web service, by DNS on any agent, or over HTTP; or why the answer is what it is:

  dig @$net.1 -p 8600 web.service.consul +short
  dig @$net.4 -p 8600 web.service.consul SRV +short
  curl -s 'http://$net.4:8500/v1/health/service/web?passing'
  muster why web

Look at the cluster:

  muster members
  muster operator raft list-peers
  http://$net.4:8500/ui/

Break something, then look again:

  kill $web                      # the web service: its probe fails, its name is empty
  kill -9 ${pids[0]}                   # server1; list-peers says whether it leads
  muster kv put color blue        # works as long as two of three servers run
  muster agent -server -bootstrap-expect 3 -node server1 -bind $net.1 -client $net.1 \\
    -data-dir $dir/server1 -retry-join $net.2    # server1 is back

Ctrl-C stops everything.
END
# Nothing more to do; what is killed by hand stays dead.
while :; do wait || true; sleep 1; done
