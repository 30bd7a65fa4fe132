package httpapi

import "testing"

func TestNoACL(t *testing.T) {
	f := newFixture(t, nil)
	for path, methods := range map[string][]string{
		"/v1/acl/bootstrap": {"PUT"}, "/v1/acl/tokens": {"GET"}, "/v1/acl/token/self": {"GET"}, "/v1/acl/policy/name/x": {"GET"},
		"/v1/acl/role/x": {"GET", "PUT", "DELETE"}, "/v1/acl/login": {"POST", "PUT"}, "/v1/agent/token/default": {"PUT"},
	} {
		for _, method := range methods {
			if r := f.do(method, path, "{}"); r.status != 401 || r.body != "ACL support disabled" {
				t.Errorf("%s %s: %d %q", method, path, r.status, r.body)
			}
		}
	}
	if n := f.consensus.applied(); n != 0 {
		t.Errorf("%d commands were applied", n)
	}
}
