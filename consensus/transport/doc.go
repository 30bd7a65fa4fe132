// Package transport lets two protocols share the server port, in plain text or
// behind TLS. The first byte of a connection names its protocol; after it the
// connection belongs to that protocol's [Layer], which is a net.Listener with a
// Dial. With TLS the first byte says so, and the byte of the protocol is the first
// one inside.
package transport
