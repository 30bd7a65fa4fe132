// Package probes finds out whether what a check watches is well.
//
// Each kind of check has a file and a place in the table of kinds. A kind that
// looks at its target (http, tcp, script) is a plain function from a definition
// to a [Result], run at the check's interval; a kind that is told (ttl) or that
// follows the catalog (alias) reacts by itself. Results in a row become a status
// by a pure function, the verdict, and [Runner] hands every verdict to its owner.
package probes
