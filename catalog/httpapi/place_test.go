package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// placement says where each request is served, by the role of the agent that was
// asked. Paths of the agent itself, which are served here always, are left out.
const placement = `
request                                         leader    follower  client

GET /v1/status/leader                           here      here      server
GET /v1/status/peers                            here      here      server
GET /v1/status/leader?dc=DC1                    here      here      server
GET /v1/status/leader?dc=dc2                    remote    remote    server

GET /v1/kv/a                                    here      here      server
HEAD /v1/kv/a                                   here      here      server
GET /v1/kv/a?stale                              here      here      server
GET /v1/kv/a?consistent                         here      here      server
PUT /v1/kv/a                                    here      here      here
PUT /v1/kv/a?stale                              here      here      here
DELETE /v1/kv/a                                 here      here      here
GET /v1/kv/a?stale&dc=dc2                       remote    remote    server
PUT /v1/kv/a?dc=dc2                             remote    remote    server
PUT /v1/kv/a?dc=nowhere                         remote    remote    server

PUT /v1/kv/a?acquire=x                          here      here      here
PUT /v1/session/create                          here      here      here
PUT /v1/session/create?dc=dc2                   remote    remote    server
PUT /v1/session/destroy/x                       here      here      here
PUT /v1/session/renew/x                         here      leader    server
PUT /v1/session/renew/x?stale                   here      leader    server
PUT /v1/session/renew/x?dc=dc2                  remote    remote    server
GET /v1/session/info/x                          here      here      server
GET /v1/session/info/x?stale                    here      here      server
GET /v1/session/node/n1                         here      here      server
GET /v1/session/list                            here      here      server

PUT /v1/txn                                     here      here      here
PUT /v1/txn?stale                               here      here      here
PUT /v1/txn?dc=dc2                              remote    remote    server

PUT /v1/event/fire/deploy                       here      here      here
PUT /v1/event/fire/deploy?dc=dc2                remote    remote    server

GET /v1/query                                   here      here      server
GET /v1/query?stale                             here      here      here
POST /v1/query                                  here      here      here
POST /v1/query?dc=dc2                           remote    remote    server
GET /v1/query/x                                 here      here      server
PUT /v1/query/x                                 here      here      here
DELETE /v1/query/x                              here      here      here

GET /v1/catalog/datacenters                     here      here      server
GET /v1/catalog/nodes                           here      here      server
GET /v1/catalog/nodes?stale                     here      here      here
GET /v1/catalog/nodes?stale&index=7             here      here      here
GET /v1/catalog/nodes?stale&dc=dc2              remote    remote    server
GET /v1/catalog/nodes?cached                    here      here      here
GET /v1/kv/a?cached                             here      here      server
GET /v1/catalog/services                        here      here      server
GET /v1/catalog/service/web?stale               here      here      here
GET /v1/catalog/node/n1                         here      here      server
GET /v1/catalog/node-services/n1                here      here      server
GET /v1/catalog/observers/n1                    here      here      server
PUT /v1/catalog/register                        here      here      here
PUT /v1/catalog/deregister                      here      here      here
PUT /v1/catalog/deregister?dc=dc2               remote    remote    server

GET /v1/health/node/n1                          here      here      server
GET /v1/health/checks/web                       here      here      server
GET /v1/health/connect/web                      here      here      server
GET /v1/health/ingress/web                      here      here      server
GET /v1/catalog/connect/web                     here      here      server
GET /v1/catalog/gateway-services/gw             here      here      server
GET /v1/health/service/web?index=7              here      here      server
GET /v1/health/service/web?stale                here      here      here
GET /v1/health/state/any                        here      here      server
GET /v1/prometheus/sd                           here      here      server
GET /v1/internal/ui/nodes                       here      here      server
GET /v1/internal/ui/nodes?stale                 here      here      here
GET /v1/internal/ui/nodes?dc=dc2                remote    remote    server

GET /v1/coordinate/nodes                        here      here      server
GET /v1/coordinate/nodes?stale                  here      here      here
GET /v1/coordinate/nodes?dc=dc2                 remote    remote    server
GET /v1/coordinate/node/n1                      here      here      server
GET /v1/coordinate/datacenters                  here      here      server
PUT /v1/coordinate/update                       here      here      here
PUT /v1/coordinate/update?dc=dc2                remote    remote    server

GET /v1/operator/raft/configuration             here      leader    server
GET /v1/operator/raft/configuration?stale       here      here      server
GET /v1/operator/raft/configuration?dc=dc2      remote    remote    server
DELETE /v1/operator/raft/peer?id=x              here      leader    server
PUT /v1/operator/raft/transfer-leader           here      leader    server
POST /v1/operator/raft/transfer-leader          here      leader    server
GET /v1/operator/autopilot/configuration        here      here      server
PUT /v1/operator/autopilot/configuration        here      here      server
GET /v1/operator/autopilot/health               here      leader    server
GET /v1/operator/autopilot/health?stale         here      leader    server
GET /v1/operator/autopilot/state                here      leader    server
GET /v1/operator/keyring                        here      here      server
POST /v1/operator/keyring                       here      here      server
PUT /v1/operator/keyring                        here      here      server
DELETE /v1/operator/keyring                     here      here      server
GET /v1/operator/usage                          here      here      server
GET /v1/operator/brakes                         here      here      server
PUT /v1/operator/brake/lift                     here      here      server

GET /v1/snapshot                                here      leader    server
GET /v1/snapshot?stale                          here      here      server
GET /v1/snapshot?dc=dc2                         remote    remote    server
PUT /v1/snapshot                                here      leader    server
PUT /v1/snapshot?stale                          here      leader    server
`

// roles are the servers of the table's columns: what each knows of the others.
func roles(t *testing.T) map[string]*fixture {
	there := http.NotFoundHandler()
	remote := func(string) (http.Handler, bool) { return there, true }
	out := map[string]*fixture{}
	for role, places := range map[string]Places{
		"leader":   {Remote: remote, Leader: func(context.Context) (http.Handler, bool) { return nil, true }},
		"follower": {Remote: remote, Leader: func(context.Context) (http.Handler, bool) { return there, false }},
		"client":   {Elsewhere: there},
	} {
		out[role] = newFixture(t, func(_ *Config, d *Deps) { d.Places = places })
	}
	return out
}

func TestPlacement(t *testing.T) {
	servers := roles(t)
	names := [...]string{here: "here", anyServer: "server", otherDatacenter: "remote", theLeader: "leader"}
	placed := map[*route]map[string]bool{} // by method, of the leader's routes
	var columns []string
	for line := range strings.Lines(placement) {
		cells := strings.Fields(line)
		switch {
		case len(cells) == 0:
			continue
		case columns == nil:
			columns = cells[1:]
			continue
		}
		method, where := cells[0], cells[2:]
		u, err := url.Parse(cells[1])
		if err != nil {
			t.Fatal(err)
		}
		for i, role := range columns {
			s := servers[role]
			rt := s.routes.match(strings.TrimPrefix(u.Path, "/"), true, map[string]string{})
			if rt == nil {
				t.Fatalf("%s: there is no such route", line)
			}
			r := &request{Request: &http.Request{Method: method, URL: u}, query: u.Query()}
			to, there := s.where(rt.place, r, u.Query().Get("dc"))
			if names[to] != where[i] || (to != here) != (there != nil) {
				t.Errorf("%s on the %s: %s (handler %v), want %s", line, role, names[to], there, where[i])
			}
			if role == "leader" {
				if placed[rt] == nil {
					placed[rt] = map[string]bool{}
				}
				placed[rt][method] = true
			}
		}
	}
	for _, rt := range servers["leader"].table() {
		if rt.place == ofAgent {
			continue
		}
		path := strings.NewReplacer("{", "", "}", "").Replace(strings.TrimPrefix(rt.template, "/"))
		at := servers["leader"].routes.match(path, true, map[string]string{})
		for method := range rt.methods {
			if !placed[at][method] {
				t.Errorf("%s %s stands in no line of the table", method, rt.template)
			}
		}
	}
}

// TestOfAgent: what speaks of the agent that was asked is never passed on.
func TestOfAgent(t *testing.T) {
	servers := roles(t)
	for _, rt := range servers["client"].table() {
		own := !strings.HasPrefix(rt.template, "/v1/") || strings.HasPrefix(rt.template, "/v1/agent/") ||
			strings.HasPrefix(rt.template, "/v1/dns/") || strings.HasPrefix(rt.template, "/v1/acl/") ||
			slices.Contains([]string{"/v1/health/live", "/v1/health/ready", "/v1/events/stream", "/v1/event/list", "/v1/query/{id}/execute", "/v1/query/{id}/explain"}, rt.template)
		if own != (rt.place == ofAgent) {
			t.Errorf("%s: is of place %d", rt.template, rt.place)
		}
		for role, s := range servers {
			r := &request{Request: &http.Request{Method: "GET"}, query: url.Values{"dc": {"dc2"}}}
			if to, _ := s.where(rt.place, r, "dc2"); own && to != here {
				t.Errorf("%s on the %s: %d", rt.template, role, to)
			}
		}
	}
}
