package top

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

const (
	clock        = "15:04:05"
	servfail     = "SERVFAIL"
	staleSeconds = 2 // the leader is heard several times a second
)

// head is what there is to say of the agent and its cluster, the most important first.
func (m *Model) head() []piece {
	pieces := append([]piece{{"muster top", title}}, m.standing()...)
	if m.shown == nil {
		return pieces
	}
	return slices.Concat(pieces, m.shown.agent(), m.shown.cluster(), m.shown.catalog())
}

// standing is whether what is seen is how things are.
func (m *Model) standing() []piece {
	var out []piece
	switch {
	case m.lost.err != nil:
		out = append(out, piece{fmt.Sprintf("not reachable since %s (%s): %s", m.lost.since.Format(clock), span(m.now.Sub(m.lost.since)), terminal.OneLine(m.lost.err.Error())), bad})
	case m.unwell.err != nil:
		out = append(out, piece{fmt.Sprintf("no figures since %s: %s", m.unwell.since.Format(clock), terminal.OneLine(m.unwell.err.Error())), bad})
	case m.cluster == nil:
		out = append(out, piece{"reading the catalog", fair})
	case !m.paused:
		out = append(out, piece{"live", good})
	}
	if m.paused {
		text := "PAUSED"
		switch n := len(m.held); {
		case m.heavy > maxHeldRows:
			text += ", too many changes to keep"
		case n > 0:
			text += fmt.Sprintf(", %d behind", n)
		}
		out = append(out, piece{text, fair})
	}
	return out
}

// agent says who is asked.
func (s *Sample) agent() []piece {
	c := s.Self.Config
	role := "client"
	if c.Server {
		role = "server"
	}
	return []piece{{terminal.OneLine(fmt.Sprintf("%s, %s in %s, %s", c.NodeName, role, c.Datacenter, c.Version)), title}}
}

// leader returns the name of the leader if it is known, and its address. Empty: there is none.
func (s *Sample) leader() (name, address string) {
	address = s.Self.Stats["consul"]["leader_addr"]
	if address == "" || s.Raft == nil {
		return address, address
	}
	i := slices.IndexFunc(s.Raft.Servers, func(p httpapi.RaftPeer) bool { return p.Address == address })
	if i < 0 {
		return address, address
	}
	return s.Raft.Servers[i].Node, address
}

// servers counts them, and those that vote. Raft must be there.
func (s *Sample) servers() (all, voters int) {
	for _, p := range s.Raft.Servers {
		if p.Voter {
			voters++
		}
	}
	return len(s.Raft.Servers), voters
}

// cluster says who leads it, and who is there.
func (s *Sample) cluster() []piece {
	lead := piece{"no leader", bad}
	if name, _ := s.leader(); name != "" {
		lead = piece{"leader " + terminal.OneLine(name), normal}
	}
	if f := s.Figures; f.Term > 0 {
		lead.text += fmt.Sprintf(", term %.0f, last index %.0f", f.Term, f.Last)
	}
	out := []piece{lead}
	if s.Raft != nil {
		servers, voters := s.servers()
		out = append(out, piece{terminal.Count(servers, "server") + ", " + terminal.Count(voters, "voter"), normal})
	}
	members := piece{fmt.Sprintf("members: %.0f alive, %.0f failed", s.Figures.Alive, s.Figures.Failed), normal}
	if s.Figures.Failed > 0 {
		members.tone = bad
	}
	return append(out, members)
}

// catalog says how old what the agent knows is.
func (s *Sample) catalog() []piece {
	f := s.Figures
	p := piece{fmt.Sprintf("catalog at %.0f, %s old", f.Index, span(time.Duration(f.Seconds*float64(time.Second)))), normal}
	if f.Entries > 0 {
		p.text += fmt.Sprintf(", %.0f entries behind", f.Entries)
	}
	if f.Entries > 0 || f.Seconds > staleSeconds {
		p.tone = fair
	}
	return []piece{p}
}

// dns says what was asked of the agent lately.
func (m *Model) dns() []piece {
	if !m.rated {
		return []piece{{"DNS -", title}}
	}
	r := &m.rates
	out := []piece{{"DNS " + perSecond(r.Queries), title}}
	weight := func(rcode string) float64 {
		if rcode == servfail {
			return math.Inf(1) // must not be missed where lines are short
		}
		return r.ByRcode[rcode]
	}
	rcodes := slices.SortedFunc(maps.Keys(r.ByRcode), func(a, b string) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), strings.Compare(a, b))
	})
	for _, rcode := range rcodes {
		if n := r.ByRcode[rcode]; n > 0 {
			p := piece{terminal.OneLine(rcode) + " " + perSecond(n), normal}
			if rcode == servfail {
				p.tone = bad
			}
			out = append(out, p)
		}
	}
	if !math.IsNaN(r.Cached) {
		out = append(out, piece{fmt.Sprintf("cached %.0f %%", r.Cached*100), normal},
			piece{"p50 " + took(r.P50) + ", p99 " + took(r.P99), normal})
	}
	return out
}

func perSecond(n float64) string {
	if n >= 1000 {
		return fmt.Sprintf("%.0f/s", n)
	}
	return fmt.Sprintf("%.1f/s", n)
}
