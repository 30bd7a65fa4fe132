// Package httpapi is the HTTP door to the catalog: the part of Consul's API that
// muster serves, and a few paths of its own.
//
// A request passes, in this order: the per-source connection limit, the match of
// its path against one table of routes, the Host and cross-site rules, the choice
// of the agent that serves it (see place), the read of its body (bounded in bytes
// and time), and then a handler. Handlers return an answer or an error; only this
// package's ServeHTTP writes to the wire, and one table turns catalog codes into
// status codes.
package httpapi
