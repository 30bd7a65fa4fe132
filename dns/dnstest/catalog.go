package dnstest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

// Catalog applies text to a new state, one row a line, each at an index of its own:
//
//	node NAME ADDRESS [lan_ipv4=A] [lan_ipv6=A] [meta.KEY=VALUE ...]
//	service NODE NAME [id=ID] [addr=A] [port=N] [tags=T,T] [weights=P/W] [status=S] [lan_ipv4=A] [lan_ipv6=A] [meta.KEY=VALUE ...]
//	        [priority=N] [ttl=DURATION] [alpn=P,P]
//	check NODE ID STATUS
//
// status is passing, warning, critical or maintenance; a service gets a check of that
// status. NODE must stand above. '_' in meta values reads as a blank.
func Catalog(t testing.TB, text string) *catalog.State {
	t.Helper()
	s := catalog.New()
	b := builder{t: t, nodes: map[string]catalog.Node{}}
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if _, err := s.Apply(s.Applied()+1, b.command(words)); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return s
}

type builder struct {
	t     testing.TB
	nodes map[string]catalog.Node
}

func (b *builder) command(words []string) *catalog.Register {
	b.t.Helper()
	switch words[0] {
	case "node":
		o := options(words[3:])
		n := catalog.Node{Name: words[1], Address: words[2], Datacenter: "dc1", Meta: o.meta, TaggedAddresses: map[string]string{}}
		for _, k := range []string{"lan_ipv4", "lan_ipv6"} {
			if v := o.values[k]; v != "" {
				n.TaggedAddresses[k] = v
			}
		}
		b.nodes[n.Name] = n
		return &catalog.Register{Node: n}
	case "service":
		return b.service(words[1], words[2], options(words[3:]))
	case "check":
		return &catalog.Register{Node: b.nodes[words[1]], Checks: []*catalog.Check{{ID: words[2], Status: catalog.Status(words[3])}}}
	}
	b.t.Fatalf("unknown row %q", words[0])
	return nil
}

func (b *builder) service(node, name string, o parsed) *catalog.Register {
	b.t.Helper()
	i := &catalog.Instance{
		ID: o.or("id", name), Name: name, Address: o.values["addr"], Meta: o.meta,
		Weights: catalog.DefaultWeights, TaggedAddresses: map[string]catalog.ServiceAddress{},
	}
	i.Port, _ = strconv.Atoi(o.values["port"])
	if o.values["tags"] != "" {
		i.Tags = strings.Split(o.values["tags"], ",")
	}
	if w := o.values["weights"]; w != "" {
		if _, err := fmt.Sscanf(w, "%d/%d", &i.Weights.Passing, &i.Weights.Warning); err != nil {
			b.t.Fatalf("weights %q: %v", w, err)
		}
	}
	for _, k := range []string{"lan_ipv4", "lan_ipv6"} {
		if v := o.values[k]; v != "" {
			i.TaggedAddresses[k] = catalog.ServiceAddress{Address: v}
		}
	}
	i.DNS = b.wishes(o)
	check := &catalog.Check{ID: "service:" + i.ID, ServiceID: i.ID, Status: catalog.Status(o.or("status", "passing"))}
	if check.Status == catalog.Maintenance {
		check.ID, check.Status = catalog.ServiceMaintenancePrefix+i.ID, catalog.Critical
	}
	return &catalog.Register{Node: b.nodes[node], Instance: i, Checks: []*catalog.Check{check}}
}

// wishes is what a service asks of DNS, nil if nothing.
func (b *builder) wishes(o parsed) *catalog.InstanceDNS {
	b.t.Helper()
	d := catalog.InstanceDNS{}
	d.Preset()
	set := false
	for key, take := range map[string]func(string) error{
		"priority": func(v string) (err error) { d.Priority, err = strconv.Atoi(v); return err },
		"ttl":      func(v string) error { ttl, err := time.ParseDuration(v); d.TTL = &ttl; return err },
		"alpn":     func(v string) error { d.ALPN = strings.Split(v, ","); return nil },
	} {
		if v := o.values[key]; v != "" {
			if err := take(v); err != nil {
				b.t.Fatalf("%s %q: %v", key, v, err)
			}
			set = true
		}
	}
	if !set {
		return nil
	}
	return &d
}

type parsed struct{ values, meta map[string]string }

func options(words []string) parsed {
	o := parsed{values: map[string]string{}, meta: map[string]string{}}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		if m, ok := strings.CutPrefix(k, "meta."); ok {
			o.meta[m] = strings.ReplaceAll(v, "_", " ")
			continue
		}
		o.values[k] = v
	}
	return o
}

func (o parsed) or(key, fallback string) string {
	if v := o.values[key]; v != "" {
		return v
	}
	return fallback
}
