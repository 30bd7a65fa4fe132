package agent

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"

	"muster/catalog"
)

func (b *builder) http(k *httpKeys) {
	c := &b.cfg
	c.HTTP.AllowedHosts = k.HTTP.AllowedHosts
	for i, host := range k.HTTP.AllowedHosts {
		if catalog.ValidHostName(strings.TrimPrefix(host, ".")) != nil {
			b.problem(fmt.Sprintf("http_config.allowed_hosts[%d]", i), "%q is not a host name, nor a dot and a domain", host)
		}
	}
	c.HTTP.BlockEndpoints = k.HTTP.BlockEndpoints
	for i, prefix := range k.HTTP.BlockEndpoints {
		if !strings.HasPrefix(prefix, "/") {
			b.problem(fmt.Sprintf("http_config.block_endpoints[%d]", i), "%q would block nothing: paths begin with \"/\"", prefix)
		}
	}
	b.networks(&c.HTTP.AllowWriteFrom, "http_config.allow_write_http_from", k.HTTP.AllowWriteFrom)
	set(&c.HTTP.ConsulVersion, k.HTTP.ConsulVersion)
	if v := c.HTTP.ConsulVersion; v != "" && !semantic.MatchString(v) {
		b.problem("http_config.consul_version", "%q is not a version such as 1.21.0", v)
	}
	b.sockets(k)
	b.limits(k)
	b.ui(k)
}

// semantic matches a version without anything behind its three numbers.
var semantic = regexp.MustCompile(`^(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}$`)

func (b *builder) limits(k *httpKeys) {
	c := &b.cfg
	b.connections(&c.Limits.HTTPMaxConnsPerClient, "limits.http_max_conns_per_client", k.Limits.HTTPMaxConnsPerClient, -1)
	b.connections(&c.Limits.RPCMaxConnsPerClient, "limits.rpc_max_conns_per_client", k.Limits.RPCMaxConnsPerClient, math.MaxInt)
	set(&c.Limits.RPCHandshakeTimeout, k.Limits.RPCHandshakeTimeout)
	if c.Limits.RPCHandshakeTimeout <= 0 {
		b.problem("limits.rpc_handshake_timeout", "must be more than 0")
	}
	if n := k.Limits.KVMaxValueSize; n != nil && *n != catalog.MaxValueBytes {
		b.problem("limits.kv_max_value_size", "is %d and cannot be changed in this version", catalog.MaxValueBytes)
	}
}

// connections reads a number of connections, of which 0 stands for no limit.
func (b *builder) connections(to *int, key string, from *int, noLimit int) {
	switch {
	case from == nil:
	case *from < 0:
		b.problem(key, "%d is negative; 0 is no limit", *from)
	case *from == 0:
		*to = noLimit
	default:
		*to = *from
	}
}

func (b *builder) ui(k *httpKeys) {
	c := &b.cfg
	set(&c.UIDir, k.UIConfig.Dir)
	set(&c.UIDir, k.UIDir)
	if c.UIDir != "" {
		c.UI = true
	}
	set(&c.UI, k.UIConfig.Enabled)
	set(&c.UI, k.UI)
	if c.UIDir != "" && !c.UI {
		b.warn("the UI is off, so its directory " + c.UIDir + " is not served")
	}
}

// uiDir makes sure that there is something to serve.
func (b *builder) uiDir() {
	dir := b.cfg.UIDir
	if dir == "" || !b.cfg.UI {
		return
	}
	key := "ui_dir"
	if b.merged.UIDir == nil {
		key = "ui_config.dir"
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		b.problem(key, "%q is not a directory that can be read", dir)
	}
}
