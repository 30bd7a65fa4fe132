package agent

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"muster/catalog/durable"
	"muster/catalog/view"
	"muster/consensus/transport"
)

// buildClient makes the view of the servers' catalog that a client answers from.
func (a *Agent) buildClient(cfg *Config) error {
	dialer := transport.NewDialer(a.transportConfig(cfg, ""))
	a.closers.add("dialer", dialer.Close)
	a.buildForwarder(cfg, dialer.DialContext)
	var err error
	a.view, err = a.newView(cfg, cfg.Datacenter)
	if err != nil {
		return err
	}
	a.state = a.view.State()
	return nil
}

// startClient begins to follow the servers.
func (a *Agent) startClient() error {
	a.background("view", a.view.Run)
	return nil
}

// viewDir holds the copies of views, in the data directory.
const viewDir = "view"

// prepareViews makes the directory for views, without what a crash left in it.
func prepareViews(dataDir string) error {
	dir := under(dataDir, viewDir)
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := durable.Sweep(dir); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

// newView makes a view of a datacenter's catalog, with a copy on disk.
func (a *Agent) newView(cfg *Config, dc string) (*view.View, error) {
	file := ""
	if cfg.DataDir != "" {
		file = filepath.Join(cfg.DataDir, viewDir, dc)
	}
	return view.New(view.Config{
		File: file, Datacenter: dc, // how stale is too stale, DNS decides
		Open: func(ctx context.Context, since uint64) (io.ReadCloser, error) {
			return a.forwarder.Feed(ctx, dc, since)
		},
		Logger: a.logs.With("room", "view", "datacenter", dc), Metrics: a.metrics.View,
	})
}
