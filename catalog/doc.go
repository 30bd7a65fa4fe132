// Package catalog is the domain of muster: nodes, service instances, checks and
// key/value pairs, the commands that change them, and the queries that read them.
//
// [State] is a deterministic machine. [State.Apply] takes a raft index and a
// [Command] and nothing else: no clock, no randomness, no I/O, so every replica
// that applies the same log holds the same rows. Readers take a [Snapshot],
// which never changes under them. DESIGN.md tells how rows and watches are kept.
//
// Rows handed out by queries are shared with every other reader and must not be
// modified; copy a row before changing it.
package catalog
