package agent

import (
	"fmt"

	"muster/consensus/certs"
	"muster/consensus/transport"
)

// buildCerts loads the certificates of the doors that have them.
func (a *Agent) buildCerts(cfg *Config) error {
	for _, d := range []struct {
		name string
		cfg  certs.Config
		to   **certs.Store
	}{{"the server port", cfg.RPCCerts(), &a.rpcCerts}, {"https", cfg.HTTPSCerts(), &a.httpsCerts}} {
		if !d.cfg.On() || d.to == &a.httpsCerts && len(cfg.HTTPSListen()) == 0 {
			continue
		}
		store, err := certs.New(d.cfg)
		if err != nil {
			return fmt.Errorf("tls of %s: %w", d.name, err)
		}
		*d.to = store
		for _, w := range store.Warnings() {
			a.logs.Warn("certificates", "of", d.name, "warning", w)
		}
	}
	return nil
}

// prepareCerts reads the certificates of a new configuration. They are used when
// the changes returned are committed.
func (a *Agent) prepareCerts(next *Config) ([]*certs.Change, error) {
	var changes []*certs.Change
	for _, d := range []struct {
		name  string
		store *certs.Store
		cfg   certs.Config
	}{{"the server port", a.rpcCerts, next.RPCCerts()}, {"https", a.httpsCerts, next.HTTPSCerts()}} {
		if d.store == nil {
			continue
		}
		change, err := d.store.Prepare(d.cfg)
		if err != nil {
			return nil, fmt.Errorf("tls of %s: %w", d.name, err)
		}
		for _, w := range change.Warnings() {
			a.logs.Warn("certificates", "of", d.name, "warning", w)
		}
		changes = append(changes, change)
	}
	return changes, nil
}

func (a *Agent) transportConfig(cfg *Config, addr string) transport.Config {
	c := transport.Config{
		Addr: addr, Logger: a.logs.With("room", "transport"),
		FirstByteTimeout: cfg.Limits.RPCHandshakeTimeout, HandshakeTimeout: cfg.Limits.RPCHandshakeTimeout,
		MaxPerSource: cfg.Limits.RPCMaxConnsPerClient, Dial: a.opts.network.dial,
	}
	if a.rpcCerts != nil {
		c.TLS = a.rpcCerts
	}
	return c
}
