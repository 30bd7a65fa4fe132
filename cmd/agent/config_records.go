package agent

import (
	"fmt"

	"muster/catalog/document"
)

// recordClashes refuses DNS records at names that the files' services or this node
// answer for. What others register is not known here: there the records win.
func (b *builder) recordClashes() {
	if len(b.cfg.DNS.Records) == 0 {
		return
	}
	c := b.cfg.DNSConfig()
	names, told := c.RecordNames(), map[int]bool{}
	for _, s := range b.sources {
		for _, p := range s.services() {
			at := s.pos.Problem(idPath(s, p.at), "")
			for _, i := range names.OfService(&p.def) {
				if !told[i] { // of several instances the first is enough
					told[i] = true
					b.recordClash(i, fmt.Sprintf("service %q at %s", p.def.Name, spot(at)))
				}
			}
		}
	}
	b.nodeClashes()
}

// nodeClashes is the part of recordClashes that needs this node's name, if that is known by now.
func (b *builder) nodeClashes() {
	if b.cfg.NodeName == "" {
		return
	}
	c := b.cfg.DNSConfig()
	for _, i := range c.RecordNames().OfNode(b.cfg.NodeName) {
		b.recordClash(i, fmt.Sprintf("this node, %q by %s", b.cfg.NodeName, spot(b.place(b.flags, "node_name", ""))))
	}
}

func (b *builder) recordClash(i int, with string) {
	b.problem(fmt.Sprintf("dns_records[%d]", i), "%q is a record at a name that belongs to %s", b.cfg.DNS.Records[i], with)
}

// spot is where something stands: file, line and column, or the flag, or else the host's name.
func spot(p document.Problem) string {
	switch {
	case p.File != "":
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	case p.Key != "node_name":
		return p.Key
	}
	return "the host's name"
}
