// Package archive is the snapshot file: the replicated state of a cluster at one
// raft index, for people to keep, look into and restore from.
//
// A file is a gzip stream of one member (RFC 1952) that holds a ustar archive of three files, in this order:
//
//	meta.json   what the snapshot is: a [Meta]
//	state.bin   the state, as [catalog.Snapshot.Persist] writes it
//	SHA256SUMS  sums of the other two, in the form that sha256sum -c reads
//
// Readers take nothing else: no other file, no second one of a name, nothing behind
// the end, no size over its limit. They give an error before or at the end of the
// state, never a wrong one; whoever changes something by what they read runs [Verify] first.
package archive
