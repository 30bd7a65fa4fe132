package agent

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"muster/catalog"
)

// Bounds of node meta, as Consul has them.
const (
	maxMetaPairs = 64
	maxMetaKey   = 128
	maxMetaValue = 512
)

type nodeKeys struct {
	NodeName *string           `key:"node_name"`
	NodeID   *string           `key:"node_id"`
	NodeMeta map[string]string `key:"node_meta"`
	Locality struct {
		Region *string `key:"region"`
		Zone   *string `key:"zone"`
	} `key:"locality"`
	Datacenter *string `key:"datacenter"`
	DataDir    *string `key:"data_dir"`
	roleKeys
}

func (b *builder) node(k *nodeKeys) {
	c := &b.cfg
	set(&c.NodeName, k.NodeName)
	if k.NodeName != nil {
		if err := catalog.ValidNodeName(c.NodeName); err != nil {
			b.problem("node_name", "%v", err)
		}
	}
	set(&c.NodeID, k.NodeID)
	c.NodeID = strings.ToLower(c.NodeID)
	if _, err := uuid.Parse(c.NodeID); c.NodeID != "" && (err != nil || len(c.NodeID) != 36) {
		b.problem("node_id", "%q is not a UUID", c.NodeID)
	}
	c.NodeMeta = k.NodeMeta
	b.meta(k.NodeMeta)
	set(&c.Locality.Region, k.Locality.Region)
	set(&c.Locality.Zone, k.Locality.Zone)
	for _, p := range c.Locality.Validate() {
		b.problem("locality."+p.Field, "%s", p.Message)
	}
	set(&c.Datacenter, k.Datacenter)
	c.Datacenter = catalog.Fold(c.Datacenter) // the DNS server's rules judge it
	set(&c.DataDir, k.DataDir)
	if c.DevMode && c.DataDir != "" {
		b.warn("data_dir is not used with -dev: everything is kept in memory")
		c.DataDir = ""
	}
}

func (b *builder) meta(meta map[string]string) {
	if len(meta) > maxMetaPairs {
		b.problem("node_meta", "has %d pairs, the limit is %d", len(meta), maxMetaPairs)
	}
	for _, key := range sortedKeys(meta) {
		value := meta[key]
		plain := !strings.ContainsFunc(key, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
		})
		switch {
		case key == "" || len(key) > maxMetaKey || !plain:
			b.problem("node_meta", "key %.40q is not 1 to %d of letters, digits, '-' and '_'", key, maxMetaKey)
		case len(value) > maxMetaValue:
			b.problem("node_meta."+key, "has %d bytes, the limit is %d", len(value), maxMetaValue)
		}
	}
}

// broken reports whether any file's value of a key was unusable.
func (b *builder) broken(key string) bool {
	for _, s := range b.sources {
		if s.broken(key) {
			return true
		}
	}
	return false
}

func (b *builder) nodeName(hostname func() (string, error)) {
	if b.cfg.NodeName != "" || b.broken("node_name") {
		return
	}
	host, err := hostname()
	if err != nil {
		b.problem("node_name", "is missing and the host's name cannot be found: %v", err)
		return
	}
	b.cfg.NodeName = nodeNameOf(host)
	if b.cfg.NodeName != host {
		b.warn(fmt.Sprintf("the host's name %q cannot stand in DNS; this node is %q", host, b.cfg.NodeName))
	}
	b.nodeClashes()
}

// nodeNameOf makes of a host's name one that DNS can carry.
func nodeNameOf(host string) string {
	if catalog.ValidNodeName(host) == nil {
		return host
	}
	clean := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, host)
	clean = strings.Trim(clean[:min(len(clean), 63)], "-")
	if catalog.ValidNodeName(clean) != nil {
		return "node"
	}
	return clean
}
