package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// access is what clients of this agent's own addresses may do. Who passes requests on between
// agents is not asked: it judged them by its own.
type access struct {
	blocked []string       // prefixes of paths that nobody is served; see Config.BlockedPaths
	writers []netip.Prefix // where writes may come from; none: from anywhere
}

// refuse says why a request is not served; nil: it is.
func (a *access) refuse(r *http.Request) error {
	for _, prefix := range a.blocked {
		if begins(r.URL.Path, prefix) {
			return failf(http.StatusForbidden, "this path is blocked by the agent's configuration (http_config.block_endpoints)")
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !a.mayWrite(r) {
		return failf(http.StatusForbidden, "writes are not accepted from here (http_config.allow_write_http_from)")
	}
	return nil
}

// begins compares a path as the names in it are read: decoded, and those of nodes and services in
// any case, keys as they are.
func begins(path, prefix string) bool {
	if len(path) < len(prefix) {
		return false
	}
	begin := path[:len(prefix)]
	return begin == prefix || !strings.HasPrefix(prefix, "/v1/kv/") && strings.EqualFold(begin, prefix)
}

// mayWrite reports whether writes are accepted from where a request comes from. Who may use a unix
// socket is said by the mode of its file.
func (a *access) mayWrite(r *http.Request) bool {
	if len(a.writers) == 0 || overUnixSocket(r) {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, network := range a.writers {
		if network.Contains(from.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
