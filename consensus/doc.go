// Package consensus is one raft member: it turns commands into entries of a
// replicated log on disk, and applies what is committed to a [catalog.State].
// It is the only importer of hashicorp/raft. DESIGN.md says what raft owns, how
// the indexes relate, and why the log is stored as it is.
package consensus
