// Package transport lets two protocols share the server port. The first byte of
// a connection names its protocol; after it the connection belongs to that
// protocol's [Layer], which is a net.Listener with a Dial.
package transport
