package httpapi

// badRequests has for each method of each route what it refuses, a line each:
//
//	METHOD PATH [< BODY] => STATUS LINE
//
// What every route refuses alike (other methods, a malformed query, tricks with the
// path, a body of 2 GiB) is in bad_routes_test.go. "nothing" stands for a request that
// takes no input which could be wrong; it is answered with 200. A backquote in a LINE is
// written as an apostrophe.
const badRequests = `
GET /?a;b => 400 the query string is malformed
GET /metrics => nothing
GET /ui/x => 404 the UI is off; start the agent with -ui
GET /debug/pprof/none => 404 no profile "none"
POST /debug/pprof/heap?seconds=x => 400 seconds: "x" is not a number in 0..18446744073709551615
GET /v1/health/live => nothing
GET /v1/health/ready => nothing
GET /v1/events/stream?index=x => 400 index: "x" is not an index
GET /v1/events/stream?index=1&lineage=x => 400 lineage: "x" is none
GET /v1/prometheus/sd?passing=maybe => 400 passing: "maybe" is neither true nor false
GET /v1/prometheus/sd?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/internal/ui/nodes?index=x => 400 index: "x" is not a number in 0..18446744073709551615
GET /v1/internal/ui/nodes?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/status/leader?dc=dc2 => 500 No path to datacenter
GET /v1/status/peers?dc=dc2 => 500 No path to datacenter

GET /v1/kv/ => 400 key is missing from the path
GET /v1/kv/a?index=x => 400 index: "x" is not a number in 0..18446744073709551615
GET /v1/kv/a?stale&consistent => 400 stale and consistent exclude each other
PUT /v1/kv/ => 400 key is missing from the path
PUT /v1/kv/a?cas=x < v => 400 cas: "x" is not a number in 0..18446744073709551615
PUT /v1/kv/a?flags=-1 < v => 400 flags: "-1" is not a number in 0..18446744073709551615
DELETE /v1/kv/ => 400 key is missing from the path
DELETE /v1/kv/a?recurse&cas=1 => 400 recurse and cas exclude each other
PUT /v1/txn < {} => 400 body:1:1: wants a list, has an object
PUT /v1/txn < [{"KV": {"Verb": "steal", "Key": "a"}}] => 400 operation 0: is of no kind, of several, or its verb "steal" is unknown
PUT /v1/txn < [{}] => 400 operation 0: wants one of KV, Node, Service, Check, has 0

PUT /v1/session/create < [] => 400 body:1:1: wants an object, has a list
PUT /v1/session/create < {"TTL": 10} => 400 body:1:9: TTL: wants a string, has a number
PUT /v1/session/destroy/a%00b => 400 id: contains a control character
PUT /v1/session/renew/ => 400 id is missing from the path
GET /v1/session/info/ => 400 id is missing from the path
GET /v1/session/node/a%0a => 400 node: contains a control character
GET /v1/session/list?wait=soon => 400 wait: "soon" is not a duration such as "10s"

PUT /v1/event/fire/ < x => 400 name is missing from the path
PUT /v1/event/fire/a?node=( < x => 400 node: error parsing regexp: missing closing ): '('
GET /v1/event/list?tag=( => 400 tag: error parsing regexp: missing closing ): '('
GET /v1/query?index=x => 400 index: "x" is not a number in 0..18446744073709551615
POST /v1/query < {"Service": 7} => 400 body:1:13: Service: wants an object, has a number
POST /v1/query < nonsense => 400 body:1:1: invalid literal: nonsense
GET /v1/query/nowhere => 404 Query not found
PUT /v1/query/x < {} => 400 ID: "x" is not a UUID
DELETE /v1/query/a%00b => 400 id: contains a control character
GET /v1/query/nowhere/execute => 404 Query not found
GET /v1/query/q/execute?limit=x => 400 limit: "x" is not a number in 0..18446744073709551615
GET /v1/query/nowhere/explain => 404 Query not found

PUT /v1/catalog/register < {"Node": 7} => 400 body:1:10: Node: wants a string, has a number
PUT /v1/catalog/register < {"Node": "n"} => 400 Address: is missing
PUT /v1/catalog/deregister < {"Node": ["n"]} => 400 body:1:10: Node: wants a string, has a list
PUT /v1/catalog/deregister < {} => 400 Node: is missing
GET /v1/catalog/datacenters => nothing
GET /v1/catalog/nodes?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/catalog/services?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/catalog/service/ => 400 service is missing from the path
GET /v1/catalog/service/web?index=-1 => 400 index: "-1" is not a number in 0..18446744073709551615
GET /v1/catalog/node/ => 400 node is missing from the path
GET /v1/catalog/node-services/ => 400 node is missing from the path
GET /v1/catalog/observers/ => 400 node is missing from the path
GET /v1/catalog/observers/a%00b => 400 node: contains a control character
GET /v1/health/node/ => 400 node is missing from the path
GET /v1/health/checks/ => 400 service is missing from the path
GET /v1/health/service/ => 400 service is missing from the path
GET /v1/health/service/web?passing=maybe => 400 passing: "maybe" is neither true nor false
GET /v1/health/state/sick => 400 state "sick" is none of any, passing, warning, critical
GET /v1/health/connect/ => 400 service is missing from the path
GET /v1/health/ingress/ => 400 service is missing from the path
GET /v1/catalog/connect/web?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/catalog/gateway-services/ => 400 gateway is missing from the path
GET /v1/coordinate/datacenters => nothing
GET /v1/coordinate/nodes?index=x => 400 index: "x" is not a number in 0..18446744073709551615
GET /v1/coordinate/node/ => 400 node is missing from the path
PUT /v1/coordinate/update < {"Node": "n1", "Coord": {"Vec": [1]}} => 400 coordinate: Vec has 1 numbers, not 8
PUT /v1/coordinate/update < {"Node": 7} => 400 body:1:10: Node: wants a string, has a number

GET /v1/agent/self => nothing
GET /v1/agent/version => nothing
GET /v1/agent/members?segment=x => 400 segment: "x" does not exist; there are no segments
GET /v1/agent/members?wan=x => 400 wan: "x" is neither true nor false
GET /v1/agent/members?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/agent/host => nothing
GET /v1/agent/metrics?format=xml => 400 format: "xml" is neither prometheus nor json
GET /v1/agent/metrics/stream?a;b => 400 the query string is malformed
GET /v1/agent/monitor?loglevel=loud => 400 loglevel: "loud" is none of trace, debug, info, warn, error
GET /v1/agent/monitor?logjson=x => 400 logjson: "x" is neither true nor false
GET /v1/agent/services?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/agent/service/ => 400 id is missing from the path
GET /v1/agent/service/nowhere => 404 unknown service ID: nowhere
GET /v1/agent/service/nowhere?wait=soon => 400 wait: "soon" is not a duration such as "10s"
PUT /v1/agent/service/register < {"Name": 7} => 400 body:1:10: name: wants a string, has a number
PUT /v1/agent/service/register < {"Name": "web", "Kind": "connect-proxy"} => 400 body:1:17: Kind: belongs to Consul's mesh or enterprise features, which muster does not have
PUT /v1/agent/service/register?replace-existing-checks=x < {"Name": "web"} => 400 replace-existing-checks: "x" is neither true nor false
PUT /v1/agent/service/deregister/ => 400 id is missing from the path
PUT /v1/agent/service/maintenance/web => 400 enable: say enable=true or enable=false
PUT /v1/agent/service/maintenance/web?enable=x => 400 enable: "x" is neither true nor false
PUT /v1/agent/service/maintenance/?enable=true => 400 id is missing from the path
PUT /v1/agent/service/maintenance/web?enable=true&expires=soon => 400 expires: "soon" is not a duration such as 10m
GET /v1/agent/health/service/id/ => 400 id is missing from the path
GET /v1/agent/health/service/name/ => 400 name is missing from the path
GET /v1/agent/services?wait=soon => 400 wait: "soon" is not a duration such as "10s"
GET /v1/agent/checks?wait=soon => 400 wait: "soon" is not a duration such as "10s"
GET /v1/agent/checks?filter=Nope==1 => 400 filter: error finding value in datum: /Nope at part 0: couldn't find key: struct field with name "Nope"
GET /v1/agent/checks/standing?a;b => 400 the query string is malformed
GET /v1/agent/check/nowhere/history => 404 this agent has no check with id "nowhere"
PUT /v1/agent/check/register < {"Name": "c", "TTL": "soon"} => 400 body:1:22: ttl: "soon" is not a duration such as "10s" or "1h30m"
PUT /v1/agent/check/register < {"Name": "c", "DockerContainerID": "x"} => 400 body:1:15: DockerContainerID: muster has no such check; it has http (also with http2), tcp, udp, grpc, dns, icmp, ttl, args (scripts), os_service, file and alias
PUT /v1/agent/check/deregister/ => 400 id is missing from the path
PUT /v1/agent/check/pass/ => 400 id is missing from the path
PUT /v1/agent/check/warn/ => 400 id is missing from the path
PUT /v1/agent/check/fail/ => 400 id is missing from the path
PUT /v1/agent/check/update/ => 400 id is missing from the path
PUT /v1/agent/check/update/c < {"Status": "sick"} => 400 Status: "sick" is none of passing, warning, critical
PUT /v1/agent/check/update/c < {"Status": 7} => 400 body:1:12: Status: wants a string, has a number
PUT /v1/agent/maintenance => 400 enable: say enable=true or enable=false
PUT /v1/agent/maintenance?enable=x => 400 enable: "x" is neither true nor false
PUT /v1/agent/drain?a;b => 400 the query string is malformed
PUT /v1/agent/reload?a;b => 400 the query string is malformed
PUT /v1/agent/leave?a;b => 400 the query string is malformed
PUT /v1/agent/join/ => 400 address is missing from the path
PUT /v1/agent/join/x?wan=y => 400 wan: "y" is neither true nor false
PUT /v1/agent/force-leave/ => 400 node is missing from the path
PUT /v1/agent/force-leave/n?prune=x => 400 prune: "x" is neither true nor false
PUT /v1/agent/token/default < {} => 401 ACL support disabled
GET /v1/acl/tokens => 401 ACL support disabled
PUT /v1/acl/token < {} => 401 ACL support disabled
POST /v1/acl/login < {} => 401 ACL support disabled
DELETE /v1/acl/token/x => 401 ACL support disabled

GET /v1/operator/raft/configuration?dc=dc2 => 500 No path to datacenter
DELETE /v1/operator/raft/peer => 400 say which server: id=ID or address=IP:PORT
DELETE /v1/operator/raft/peer?id=x&address=y => 400 id and address exclude each other
PUT /v1/operator/raft/transfer-leader?a;b => 400 the query string is malformed
POST /v1/operator/raft/transfer-leader?a;b => 400 the query string is malformed
GET /v1/operator/autopilot/configuration?index=x => 400 index: "x" is not a number in 0..18446744073709551615
PUT /v1/operator/autopilot/configuration < {"MaxTrailingLogs": "many"} => 400 body:1:21: MaxTrailingLogs: wants a number, has a string
PUT /v1/operator/autopilot/configuration?cas=x < {} => 400 cas: "x" is not a number in 0..18446744073709551615
GET /v1/operator/autopilot/health?dc=dc2 => 500 No path to datacenter
GET /v1/operator/autopilot/state?dc=dc2 => 500 No path to datacenter
GET /v1/operator/keyring?relay-factor=6 => 400 relay-factor: 6 is outside 0..5
GET /v1/operator/keyring?local-only=x => 400 local-only: "x" is neither true nor false
POST /v1/operator/keyring < {"Key": 7} => 400 body:1:9: Key: wants a string, has a number
PUT /v1/operator/keyring < {} => 400 Key: is not 16, 24 or 32 bytes in base64, such as 'muster keygen' prints
DELETE /v1/operator/keyring < nonsense => 400 body:1:1: invalid literal: nonsense
GET /v1/operator/brakes?index=x => 400 index: "x" is not a number in 0..18446744073709551615
PUT /v1/operator/brake/lift => 400 service: say which service, such as service=web
GET /v1/operator/usage?global=x => 400 global: "x" is neither true nor false
GET /v1/dns/explain => 400 name: say which name, such as name=web.service.consul
GET /v1/snapshot?dc=dc2 => 500 No path to datacenter
PUT /v1/snapshot < no archive => 400 snapshot refused, nothing was changed: read snapshot: this is no snapshot, or one that is damaged: gzip: invalid header
`
