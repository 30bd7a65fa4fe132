// Package dns answers DNS questions from the service catalog.
//
// [Resolver.Resolve] is the heart: a pure function from a question and a view of
// the catalog to records and the [Reason] for them. [Handler] turns one query
// message into one reply around it, and [Server] carries messages over UDP and TCP.
//
// Within this package the name dns is github.com/miekg/dns, which no other
// package of muster imports. DESIGN.md in this directory tells of the stages and
// the invariants each keeps.
package dns
