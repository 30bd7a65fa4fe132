// Package local keeps what this node itself registered, and brings the catalog
// in line with it.
//
// A [Store] holds services and checks from config files and from the agent's
// HTTP API, the latter also on disk, and the last verdict on each check. It is
// the authority on its node: a [Syncer] compares it with the node's rows in the
// catalog and sends the differences as commands, in either direction of doubt
// the Store being right.
//
// Rows handed out by a Store are shared and must not be modified.
package local
