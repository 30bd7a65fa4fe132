#!/usr/bin/env bash
# Prometheus: its own consul_sd, as a Go package, since Debian's build leaves that out; then Debian's
# Prometheus with http_sd, dns_sd and muster's metrics.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=agent.sh disable=SC1091,SC2154
. ./agent.sh
packages prometheus:prometheus curl:curl jq:jq
(cd prometheus && CONSUL_HTTP_ADDR=$http go test -count=1 .) || fail 'consul_sd'
register '{"ID": "web1", "Name": "web", "Tags": ["metrics"], "Address": "'"$net.21"'", "Port": 9100}'
cat >"$dir/prometheus.yml" <<YML
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: http
    http_sd_configs: [{url: "http://$http/v1/prometheus/sd", refresh_interval: 1s}]
  - job_name: muster
    metrics_path: /v1/agent/metrics
    params: {format: [prometheus]}
    static_configs: [{targets: ["$http"]}]
YML
prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="$net.3:9090" >"$dir/prometheus.log" 2>&1 &
also $!
targets() { curl -sf "http://$net.3:9090/api/v1/targets?state=active" | jq -r "[.data.activeTargets[]|select(.scrapePool==\"$1\")|$2]|unique|join(\",\")"; }
gives() { [ "$(targets "$1" "$2")" = "$3" ]; }
has() { [[ ,$(targets "$1" "$2"), == *,$3,* ]]; }
lacks() { ! has "$@"; }
until_ok 'muster itself is scraped' 30 gives muster .health up
until_ok 'a target by http_sd' 30 has http '.discoveredLabels.__address__' "$net.21:9100"
register '{"ID": "web2", "Name": "web", "Tags": ["metrics"], "Address": "'"$net.22"'", "Port": 9100}'
until_ok 'a new target' 30 has http '.discoveredLabels.__address__' "$net.22:9100"
curl -sf -X PUT "http://$http/v1/agent/service/deregister/web1"
until_ok 'a target leaves' 30 lacks http '.discoveredLabels.__address__' "$net.21:9100"
echo 'prometheus: consul_sd and http_sd follow the catalog'
