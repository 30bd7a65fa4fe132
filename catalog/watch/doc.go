// Package watch follows one thing of the catalog by blocking reads of the HTTP API, and calls a
// handler once for each change of it.
//
// A watch reads, hands over, and then waits for a newer index. While a handler runs nothing is
// read: changes that pile up meanwhile are one change. What was handed over last is remembered by
// its index and a checksum, on disk if there is a place for it, before the handler is called: a handler
// is never called twice for one index, and one that died with its agent is not called again.
package watch
