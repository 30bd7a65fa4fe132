package bundle

import (
	"cmp"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// Index tells what is in a bundle, and what is missing.
type Index struct {
	Version     string // of the program that gathered
	Agent       Agent
	Began       time.Time
	Ended       time.Time
	Duration    string // that was asked for; Interrupted: it was less
	Interval    string
	Interrupted bool
	Captures    []Captured
}

// Agent is whom a bundle is about.
type Agent struct {
	Node, NodeID, Datacenter string
	Server                   bool
	Version, Revision        string
	BuildDate                string // RFC 3339
}

// Captured is one capture.
type Captured struct {
	Capture string
	File    string `json:",omitempty"` // empty: there is nothing of it
	At      time.Time
	Took    string `json:",omitempty"`
	Bytes   int
	Cut     bool   `json:",omitempty"` // there was more of it
	Error   string `json:",omitempty"`
}

func (c Captured) compare(o Captured) int {
	return cmp.Or(cmp.Compare(c.Capture, o.Capture), cmp.Compare(c.File, o.File))
}

// Errors are the captures that failed, each error once.
func (i *Index) Errors() []string {
	var out []string
	seen := map[string]bool{}
	for _, c := range i.Captures {
		line := c.Capture + ": " + c.Error
		if c.Error != "" && !seen[line] {
			seen[line] = true
			out = append(out, line)
		}
	}
	return out
}

func (i *Index) about(self *httpapi.AgentSelf, cfg *Config) {
	a := &self.Config
	i.Version, i.Began = cfg.Version, time.Now().UTC()
	i.Duration, i.Interval = cfg.Duration.String(), cfg.Interval.String()
	i.Agent = Agent{
		Node: a.NodeName, NodeID: a.NodeID, Datacenter: a.Datacenter, Server: a.Server,
		Version: a.Version, Revision: a.Revision, BuildDate: a.BuildDate,
	}
}

func some(names []string) string { return strings.Join(names, ", ") }
