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
		// The path is compared decoded, as names in it are read.
		if strings.HasPrefix(r.URL.Path, prefix) {
			return failf(http.StatusForbidden, "this path is blocked by the agent's configuration (http_config.block_endpoints)")
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !a.mayWrite(r) {
		return failf(http.StatusForbidden, "writes are not accepted from here (http_config.allow_write_http_from)")
	}
	return nil
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
