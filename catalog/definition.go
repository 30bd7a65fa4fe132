package catalog

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// ServiceDefinition is a service instance as its owner states it, in a config
// file or over the agent's HTTP API. Each `key` tag holds the name of the JSON
// key and then its aliases; keys match without regard to case and underscores.
type ServiceDefinition struct {
	ID                string                    `key:"id"` // empty: Name
	Name              string                    `key:"name"`
	Tags              []string                  `key:"tags"`
	Address           string                    `key:"address"` // empty: the node's
	Port              int                       `key:"port"`
	TaggedAddresses   map[string]ServiceAddress `key:"tagged_addresses"`
	Meta              map[string]string         `key:"meta"`
	Weights           *Weights                  `key:"weights"` // nil: DefaultWeights
	EnableTagOverride bool                      `key:"enable_tag_override"`
	DNS               *InstanceDNS              `key:"dns"`      // nil: nothing out of the ordinary
	Locality          *Locality                 `key:"locality"` // nil: the node's
	Guard             *Guard                    `key:"guard"`    // nil: the agent's default
	Check             *CheckDefinition          `key:"check"`
	Checks            []CheckDefinition         `key:"checks"`
}

// Problem is one thing wrong with a definition. Field is a path of keys, such as "checks[1].interval".
type Problem struct {
	Field   string
	Message string
}

// Error implements error.
func (p Problem) Error() string { return p.Field + ": " + p.Message }

// Problems is everything wrong with a definition.
type Problems []Problem

func (p *Problems) add(field, format string, args ...any) {
	*p = append(*p, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// within prefixes the fields of problems of a part.
func (p *Problems) within(prefix string, part Problems) {
	for _, q := range part {
		*p = append(*p, Problem{Field: prefix + "." + q.Field, Message: q.Message})
	}
}

// Err returns nil when there are no problems, else an Invalid error that lists them on one line.
func (p Problems) Err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return Errorf(Invalid, "%w", p[0])
	}
	text := p[0].Error()
	for _, q := range p[1:] {
		text += "; " + q.Error()
	}
	return Errorf(Invalid, "%s", text)
}

// Normalize fills in what the owner left out: ids, names, weights, and Checks
// made of Check and Checks, each bound to the service. The receiver is not changed.
func (d ServiceDefinition) Normalize() ServiceDefinition {
	if d.ID == "" {
		d.ID = d.Name
	}
	if d.Weights == nil {
		w := DefaultWeights
		d.Weights = &w
	}
	checks := slices.Clone(d.Checks)
	if d.Check != nil {
		checks = append([]CheckDefinition{*d.Check}, checks...)
	}
	for i := range checks {
		c := &checks[i]
		c.ServiceID = d.ID
		if c.ID == "" {
			c.ID = "service:" + d.ID
			if len(checks) > 1 {
				c.ID = fmt.Sprintf("service:%s:%d", d.ID, i+1)
			}
		}
		if c.Name == "" {
			c.Name = "Service '" + d.Name + "' check"
		}
	}
	d.Check, d.Checks = nil, checks
	return d
}

// Normalize fills in the id of a check that stands alone.
func (d CheckDefinition) Normalize() CheckDefinition {
	if d.ID == "" {
		d.ID = d.Name
	}
	if d.Name == "" {
		d.Name = d.ID
	}
	return d
}

// Validate returns everything wrong with a definition as its owner stated it, before Normalize.
func (d *ServiceDefinition) Validate() Problems {
	var p Problems
	if err := ValidServiceName(d.Name); err != nil {
		p.add("name", "%v", err)
	}
	if hasControl(d.ID) {
		p.add("id", "contains a control character")
	}
	validPort(&p, "port", d.Port)
	validAddress(&p, "address", d.Address)
	for _, name := range slices.Sorted(maps.Keys(d.TaggedAddresses)) {
		a := d.TaggedAddresses[name]
		validAddress(&p, "tagged_addresses."+name, a.Address)
		validPort(&p, "tagged_addresses."+name+".port", a.Port)
	}
	if w := d.Weights; w != nil {
		validWeight(&p, "weights.passing", w.Passing)
		validWeight(&p, "weights.warning", w.Warning)
	}
	if d.DNS != nil {
		p.within("dns", d.DNS.validate())
	}
	if d.Locality != nil {
		p.within("locality", d.Locality.Validate())
	}
	if d.Guard != nil {
		p.within("guard", d.Guard.Validate())
	}
	if d.Check != nil {
		p.within("check", d.Check.Validate(true))
	}
	seen := map[string]int{}
	for i := range d.Checks {
		c := &d.Checks[i]
		at := fmt.Sprintf("checks[%d]", i)
		p.within(at, c.Validate(true))
		if first, dup := seen[c.ID]; dup && c.ID != "" {
			p.add(at+".id", "check id %q is already used by checks[%d]", c.ID, first)
		}
		seen[c.ID] = i
	}
	return p
}

func validPort(p *Problems, field string, port int) {
	if port < 0 || port > 65535 {
		p.add(field, "port %d is outside 0..65535", port)
	}
}

func validWeight(p *Problems, field string, w int) {
	if w < 0 || w > 65535 {
		p.add(field, "weight %d is outside 0..65535", w)
	}
}

// validAddress accepts an IP address that can be answered with, or a host name; empty means the node's.
func validAddress(p *Problems, field, address string) {
	if address == "" {
		return
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		if ip.IsUnspecified() || ip.Zone() != "" {
			p.add(field, "address %s is not one that others can reach", address)
		}
		return
	}
	if err := ValidHostName(address); err != nil {
		p.add(field, "%q is neither an IP address nor a host name", address)
	}
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}
