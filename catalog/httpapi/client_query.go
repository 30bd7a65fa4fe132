package httpapi

import (
	"net/url"
	"slices"
	"strings"
)

// ClientQuery holds the parameters that reads share. The zero value asks the
// agent's own datacenter for everything in default consistency.
type ClientQuery struct {
	Datacenter string   // empty: the agent's own
	Stale      bool     // any server may answer from what it has
	Filter     string   // a go-bexpr expression; empty: everything
	Near       string   // node to sort by distance from; "_agent" is the agent's own
	NodeMeta   []string // "key:value" pairs a node must carry
	Global     bool     // of usage: all datacenters that are known
}

func (q ClientQuery) values() url.Values {
	v := url.Values{}
	if q.Datacenter != "" {
		v.Set("dc", q.Datacenter)
	}
	if q.Stale {
		v.Set("stale", "")
	}
	if q.Filter != "" {
		v.Set("filter", q.Filter)
	}
	if q.Near != "" {
		v.Set("near", q.Near)
	}
	if len(q.NodeMeta) > 0 {
		v["node-meta"] = q.NodeMeta
	}
	if q.Global {
		v.Set("global", "")
	}
	return v
}

// clientEscapeName escapes a name so that it stays one segment of a path.
func clientEscapeName(name string) string {
	if strings.Trim(name, ".") == "" {
		return strings.ReplaceAll(name, ".", "%2E") // a path cleaner would take it for a step upwards
	}
	return url.PathEscape(name)
}

// clientEscapeKey escapes a key for the end of a path. Slashes stay readable unless
// a path cleaner would take out what stands between them: "a//b" and "a/../b" are keys of their own.
func clientEscapeKey(key string) string {
	segments := strings.Split(key, "/")
	unclean := func(s string) bool { return s == "." || s == ".." }
	if slices.ContainsFunc(segments, unclean) || slices.Contains(segments[:len(segments)-1], "") {
		return strings.ReplaceAll(url.PathEscape(key), ".", "%2E")
	}
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}
