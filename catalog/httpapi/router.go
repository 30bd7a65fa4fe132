package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"muster/metrics"
)

// handler serves one method of a route.
type handler func(r *request) (answer, error)

// route is one line of the table. In a template, "{name}" stands for one segment
// of the path, or at its end for all the rest of it, slashes included and empty too.
type route struct {
	template string
	place    place
	methods  map[string]handler // GET serves HEAD too
	streams  bool               // the body is left unread for the handler; it may be large
}

// find returns the handler of a method, or an error that tells which there are.
func (rt *route) find(method string) (handler, error) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if h := rt.methods[method]; h != nil {
		return h, nil
	}
	return nil, &failure{
		status: http.StatusMethodNotAllowed,
		text:   fmt.Sprintf("method %.20q is not allowed here, only %s", method, rt.allow()),
		allow:  rt.allow(),
	}
}

// allow is the value of the Allow header.
func (rt *route) allow() string {
	methods := slices.Collect(maps.Keys(rt.methods))
	if rt.methods[http.MethodGet] != nil {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

// routeNode is a place in the tree of templates. The tree is walked on the path as
// it was sent: net/http's ServeMux would redirect keys that hold "//" or "..".
type routeNode struct {
	literal map[string]*routeNode
	param   *routeNode // any one segment
	name    string     // of the parameter that param or rest stands for
	here    *route     // the path ends here
	rest    *route     // the path ends or goes on in any way
}

// unmatched is the metrics template of paths that no route serves.
const unmatched = "unmatched"

func newRouter(table []route, m *metrics.HTTP) *routeNode {
	root := &routeNode{}
	for i := range table {
		root.add(&table[i])
		m.Route(table[i].template)
	}
	m.Route(unmatched)
	return root
}

func (n *routeNode) add(rt *route) {
	segments := strings.Split(strings.TrimPrefix(rt.template, "/"), "/")
	for i, segment := range segments {
		name, isParam := strings.CutPrefix(strings.TrimSuffix(segment, "}"), "{")
		switch {
		case isParam && i == len(segments)-1:
			n.name, n.rest = name, rt
			return
		case isParam:
			if n.param == nil {
				n.param = &routeNode{}
			}
			n.name, n = name, n.param
		default:
			if n.literal[segment] == nil {
				if n.literal == nil {
					n.literal = map[string]*routeNode{}
				}
				n.literal[segment] = &routeNode{}
			}
			n = n.literal[segment]
		}
	}
	n.here = rt
}

// match finds the route of an escaped path (without its first slash) and fills
// args with the decoded parameters. more is false when the path has ended.
func (n *routeNode) match(path string, more bool, args map[string]string) *route {
	if !more {
		if n.here == nil && n.rest != nil {
			args[n.name] = ""
			return n.rest
		}
		return n.here
	}
	segment, tail, found := strings.Cut(path, "/")
	if child := n.literal[segment]; child != nil {
		if rt := child.match(tail, found, args); rt != nil {
			return rt
		}
	}
	if n.param != nil && segment != "" {
		if rt := n.param.match(tail, found, args); rt != nil {
			return rt.with(n.name, segment, args)
		}
	}
	if n.rest != nil {
		return n.rest.with(n.name, path, args)
	}
	return nil
}

// with decodes one parameter. net/http has checked the escapes already.
func (rt *route) with(name, escaped string, args map[string]string) *route {
	value, err := url.PathUnescape(escaped)
	if err != nil {
		return nil
	}
	args[name] = value
	return rt
}
