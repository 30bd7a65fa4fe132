// Package view keeps a copy of another agent's catalog: all nodes, instances and
// checks, no keys. [Serve] feeds one follower; a [View] follows. DESIGN.md tells of the protocol.
package view
