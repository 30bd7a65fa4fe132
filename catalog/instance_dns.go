package catalog

import (
	"slices"
	"time"
)

// DefaultPriority is the priority of an instance that states none, as Consul's SRV records have it.
const DefaultPriority = 1

// InstanceDNS is what the owner of an instance asks of DNS. Whoever holds one must not modify it.
type InstanceDNS struct {
	// Priority is that of the SRV record (RFC 2782): clients use the instances with
	// the lowest one that they can reach. 0..65535.
	Priority int `key:"priority"`
	// TTL is how long answers that hold the instance may be cached, in whole seconds
	// and within the bounds of the agent that answers. Nil: as that agent is configured.
	TTL *time.Duration `key:"ttl" json:",omitempty"`
	// ALPN lists the protocols spoken at the instance's port, such as "h2" (RFC 7301).
	// Instances that state any have HTTPS and SVCB records (RFC 9460).
	ALPN []string `key:"alpn" json:",omitempty"`
}

// Preset makes a priority that is left out the default.
func (d *InstanceDNS) Preset() { *d = InstanceDNS{Priority: DefaultPriority} }

// Equal reports whether two of them ask for the same. Nil asks for the same as nil only.
func (d *InstanceDNS) Equal(o *InstanceDNS) bool {
	if d == nil || o == nil {
		return d == o
	}
	if d.TTL == nil || o.TTL == nil {
		if d.TTL != o.TTL {
			return false
		}
	} else if *d.TTL != *o.TTL {
		return false
	}
	return d.Priority == o.Priority && slices.Equal(d.ALPN, o.ALPN)
}

// Priority is the instance's SRV priority.
func (i *Instance) Priority() int {
	if i.DNS == nil {
		return DefaultPriority
	}
	return i.DNS.Priority
}

// Bounds of what an instance may ask of DNS.
const (
	maxDNSTTL = (1<<31 - 1) * time.Second // RFC 2181 section 8
	maxALPN   = 16                        // protocols of one instance
)

func (d *InstanceDNS) validate() Problems {
	var p Problems
	if d.Priority < 0 || d.Priority > 65535 {
		p.add("priority", "priority %d is outside 0..65535", d.Priority)
	}
	if t := d.TTL; t != nil {
		switch {
		case *t < 0 || *t > maxDNSTTL:
			p.add("ttl", "%v is not a TTL (RFC 2181 section 8)", *t)
		case *t%time.Second != 0:
			p.add("ttl", "%v is not in whole seconds", *t)
		}
	}
	if len(d.ALPN) > maxALPN {
		p.add("alpn", "lists %d protocols, %d are allowed", len(d.ALPN), maxALPN)
	}
	for i, id := range d.ALPN {
		if id == "" || len(id) > 255 || slices.ContainsFunc([]byte(id), unprintable) {
			p.add("alpn", "%.40q is not the id of a protocol, such as \"h2\" (RFC 7301)", id)
		} else if slices.Contains(d.ALPN[:i], id) {
			p.add("alpn", "%q is listed twice", id)
		}
	}
	return p
}

// unprintable reports whether an octet is none of the visible ASCII characters,
// of which all registered ALPN ids are made.
func unprintable(c byte) bool { return c <= ' ' || c > '~' }
