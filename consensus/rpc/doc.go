// Package rpc is how agents ask servers: writes go to the leader, reads ask it for
// the index to reach, views follow a feed, and HTTP requests are passed on whole.
// [Server] answers on the server port, [Forwarder] asks. DESIGN.md says what is retried and why.
package rpc
