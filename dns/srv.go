package dns

import (
	"github.com/miekg/dns"

	"muster/catalog"
)

// services answers with SRV records (RFC 2782), one per target and port, and the
// targets' addresses in the additional section, each once.
func (l *lookup) services(live []candidate, ttl uint32) Answer {
	type endpoint struct {
		target string
		port   int
	}
	var set []candidate
	var targets []string
	at := map[endpoint]int{}
	for _, c := range live {
		t := l.target(c.Node, c.at)
		if t == "" {
			continue
		}
		key := endpoint{catalog.Fold(t), c.Instance.Port}
		if i, dup := at[key]; dup {
			if better(c.share(), set[i].share()) {
				set[i] = c
			}
			continue
		}
		at[key] = len(set)
		set, targets = append(set, c), append(targets, t)
	}
	var answer []dns.RR
	g := glue{lookup: l, ttl: ttl, seen: map[string]bool{}}
	for _, i := range l.pick(shares(set), l.limit(len(set), 0)) {
		answer = append(answer, &dns.SRV{
			Hdr: header(l.name, dns.TypeSRV, ttl), Priority: uint16(set[i].priority()),
			Weight: uint16(set[i].weight), Port: uint16(set[i].Instance.Port), Target: targets[i],
		})
		if g.add(targets[i], set[i]) && l.cfg.EnableAdditionalNodeMetaTXT {
			g.records = append(g.records, metaTXT(targets[i], set[i].Node.Meta, ttl, everyKey)...)
		}
	}
	a := l.found(answer, NoSuchType)
	a.Extra = g.records
	return a
}

// target is the name that SRV and NS records give for an instance, "" if it has no address:
// its host name; HEX.addr for an address of its own; else its node's name, unless DNS cannot carry that.
func (l *lookup) target(n *catalog.Node, at addresses) string {
	switch {
	case at.none():
		return ""
	case at.host != "":
		return at.host
	case !at.own && catalog.ValidNodeName(n.Name) == nil:
		name := under(n.Name+".node."+l.dc, l.domain)
		if _, ok := dns.IsDomainName(name); ok {
			return name
		}
	}
	return under(hexLabel(at.primary)+".addr."+l.dc, l.domain)
}

// glue collects the additional section: the addresses of targets, each target once.
type glue struct {
	*lookup
	ttl     uint32
	seen    map[string]bool
	records []dns.RR
}

// add adds the addresses of an instance's target; false tells that it was there already.
func (g *glue) add(target string, c candidate) bool {
	key := catalog.Fold(target)
	if g.seen[key] {
		return false
	}
	g.seen[key] = true
	switch {
	case c.at.host != "":
		g.addHost(target)
	case c.at.own:
		g.records = append(g.records, addressRecord(target, c.at.primary, g.ttl))
	default:
		for _, a := range c.at.all() {
			g.records = append(g.records, addressRecord(target, a, g.ttl))
		}
	}
	return true
}

// addHost adds the addresses of a host name within our zones.
func (g *glue) addHost(host string) {
	have := map[string]bool{} // an alias on the way is found once per type
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		sub, ok := g.aside().within(host)
		if !ok || sub == nil { // sub is nil for the name itself, which is being answered
			return
		}
		for _, rr := range sub(t).Answer {
			if text := rr.String(); !have[text] {
				have[text] = true
				g.records = append(g.records, rr)
			}
		}
	}
}
