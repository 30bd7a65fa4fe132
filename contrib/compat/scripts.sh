#!/usr/bin/env bash
# python-consul (Debian: python3-consul) and npm's consul (pinned by package-lock.json).
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=agent.sh disable=SC1091,SC2154
. ./agent.sh
packages /usr/lib/python3/dist-packages/consul:python3-consul curl:curl node:nodejs npm:npm
export CONSUL_HTTP_ADDR=$http
/usr/bin/python3 python/flows.py || fail 'python-consul'
[ -d node/node_modules/consul ] || npm ci --prefix node --no-audit --no-fund >"$dir/npm.log" 2>&1 || fail 'npm ci'
node node/flows.mjs || fail 'npm consul'
