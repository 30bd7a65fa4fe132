package top

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"muster/catalog/httpapi"
)

// Report is what there is to see at one moment, for programs.
type Report struct {
	Agent    ReportedAgent
	DNS      ReportedDNS
	Services []ReportedService // the worst first
}

// ReportedAgent is the agent that was asked, and what it knows of its cluster.
type ReportedAgent struct {
	Node, Datacenter, Version string
	Server                    bool
	Leader                    string // name of its node, or its address where no server says; empty: there is none
	LeaderAddress             string // host:port
	Term, LastIndex           uint64 // of raft; 0 on client agents
	Servers, Voters           *int   // null: no server says
	Alive, Failed             int    // members
	CatalogIndex              uint64
	CatalogAge                float64 // seconds since the catalog was last known to be the leader's
	CatalogBehind             uint64  // entries of the log
}

// ReportedDNS is what was asked of the agent between two looks at it.
type ReportedDNS struct {
	Seconds  float64            // from one to the other; 0: the agent was started between them, nothing is known
	Queries  float64            // by second
	ByRcode  map[string]float64 // of them
	Cached   *float64           // share of the answers that came from the cache; null: there were none
	P50, P99 *float64           // seconds from question to answer
}

// ReportedService is a service with its instances by their health.
type ReportedService struct {
	Name                       string
	Passing, Warning, Critical int
}

// Once looks at an agent twice, an interval apart, and returns a model of it.
func Once(ctx context.Context, agent Agent, interval time.Duration) (*Model, error) {
	m := New(false)
	nodes, err := agent.NodeInfos(ctx, httpapi.ClientQuery{Stale: true})
	if err != nil {
		return nil, err
	}
	m.Update(Loaded{time.Now(), nodes})
	for i := range 2 {
		if i > 0 {
			pause(ctx, interval)
		}
		s := Look(ctx, agent)
		if s.Err != nil {
			return nil, s.Err
		}
		m.Update(s)
	}
	return m, nil
}

// printWidth is how wide lines of the head are that are printed.
const printWidth = 100

// Print writes what there is to see, all services in full, as plain text.
func (m *Model) Print(w io.Writer) {
	m.arrange()
	for _, pieces := range [][]piece{m.shown.agent(), append(m.shown.cluster(), m.shown.catalog()...), m.dns()} {
		for _, line := range m.paint.flow(pieces, printWidth, math.MaxInt) {
			fmt.Fprintln(w, line)
		}
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, s := range m.rows {
		rows = append(rows, m.serviceCells(s)[:len(printColumns)])
	}
	for _, line := range table(printColumns, rows, 0) {
		fmt.Fprintln(w, line)
	}
}

// printColumns leave out what is known only to those who keep looking.
var printColumns = serviceColumns[:4]

// Report returns what there is to see, all services in full.
func (m *Model) Report() *Report {
	m.arrange()
	s := m.shown
	c, f := s.Self.Config, s.Figures
	name, address := s.leader()
	r := &Report{
		Agent: ReportedAgent{
			Node: c.NodeName, Datacenter: c.Datacenter, Version: c.Version, Server: c.Server, Leader: name, LeaderAddress: address,
			Term: uint64(f.Term), LastIndex: uint64(f.Last), Alive: int(f.Alive), Failed: int(f.Failed),
			CatalogIndex: uint64(f.Index), CatalogAge: f.Seconds, CatalogBehind: uint64(f.Entries),
		},
		DNS:      ReportedDNS{ByRcode: map[string]float64{}},
		Services: []ReportedService{},
	}
	if s.Raft != nil {
		servers, voters := s.servers()
		r.Agent.Servers, r.Agent.Voters = &servers, &voters
	}
	if m.rated {
		r.DNS = ReportedDNS{
			Seconds: m.rates.Took.Seconds(), Queries: m.rates.Queries, ByRcode: m.rates.ByRcode,
			Cached: number(m.rates.Cached), P50: number(m.rates.P50), P99: number(m.rates.P99),
		}
	}
	for _, s := range m.rows {
		r.Services = append(r.Services, ReportedService{s.name, s.count[passing], s.count[warning], s.count[critical]})
	}
	return r
}

// number is a number, or nil for none.
func number(f float64) *float64 {
	if math.IsNaN(f) {
		return nil
	}
	return &f
}
