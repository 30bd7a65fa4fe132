package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"muster/catalog"
)

// hostList holds the names a Host header may carry. A browser lured to a hostile
// page sends that page's name even after its DNS was rebound to this agent.
type hostList struct {
	names    map[string]bool
	suffixes []string // each begins with a dot
}

func newHostList(node string, allowed []string) hostList {
	l := hostList{names: map[string]bool{"localhost": true}, suffixes: []string{".localhost"}}
	for _, name := range append([]string{node}, allowed...) {
		name = catalog.Fold(strings.TrimSuffix(name, "."))
		switch {
		case strings.HasPrefix(name, "."):
			l.suffixes = append(l.suffixes, name)
		case name != "":
			l.names[name] = true
		}
	}
	return l
}

// permits reports whether a Host header is an IP address or a listed name. An
// empty one (HTTP/1.0) comes from no browser.
func (l hostList) permits(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = catalog.Fold(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "" || l.names[host] {
		return true
	}
	for _, suffix := range l.suffixes {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// passedKey marks the context of requests that other agents pass on.
type passedKey struct{}

// Passed serves requests that other agents of the cluster pass on, which come in
// where no browser can speak. They carry the Host and Origin that the first agent
// has judged by its own rules.
func (s *Server) Passed() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passedKey{}, true)))
	})
}

// guard refuses what only a browser acting for a foreign page would send, and what the configuration closes.
func (s *Server) guard(r *http.Request) error {
	if r.Context().Value(passedKey{}) != nil {
		return nil
	}
	if !overUnixSocket(r) && !s.hosts.permits(r.Host) {
		return failf(http.StatusMisdirectedRequest,
			"host %.100q is not one this agent answers to; use an IP address or localhost, or add the name to http_config.allowed_hosts", r.Host)
	}
	if err := s.csrf.Check(r); err != nil {
		return failf(http.StatusForbidden, "cross-site %s refused", r.Method)
	}
	return s.access.refuse(r)
}

// overUnixSocket reports whether a request came through the file system, where no browser is.
func overUnixSocket(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return local != nil && local.Network() == "unix"
}
