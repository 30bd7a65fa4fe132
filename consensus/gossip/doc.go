// Package gossip tells who is in the cluster. A Pool is this agent's membership
// of a group of agents that watch one another: one pool holds all agents of a
// datacenter, another the servers of all datacenters. It is the only importer of
// hashicorp/memberlist, which probes members and spreads news; the Pool adds what
// that library leaves open: a book of members that outlives failures and
// restarts, leaving told apart from failing, one holder for a name and an id,
// and keys that are changed over the whole cluster. DESIGN.md says more.
package gossip
