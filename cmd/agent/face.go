package agent

import (
	"context"

	"muster/catalog"
	"muster/catalog/httpapi"
)

// face is an agent as its HTTP API shows it.
type face Agent

// Self implements httpapi.Agent.
func (f *face) Self() httpapi.Self {
	a, cfg := (*Agent)(f), f.cfg.Load()
	self := httpapi.Self{
		Node: a.nodeRow(), Server: cfg.Server,
		Version: a.opts.Version, Revision: a.opts.Revision, BuildDate: a.opts.BuildDate,
		Stats: a.stats(),
	}
	self.Settings = cfg.Settings(self.Node.ID)
	if c, ok := a.lan.Coordinate(); ok {
		self.Coord = (*catalog.Coordinate)(&c)
	}
	return self
}

// Reload implements httpapi.Agent.
func (f *face) Reload(context.Context) (string, error) { return (*Agent)(f).Reload() }

// Leave implements httpapi.Agent.
func (f *face) Leave(ctx context.Context) error { return (*Agent)(f).Leave(ctx) }
