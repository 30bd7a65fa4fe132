package httpapi

import (
	"cmp"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"muster/catalog"
)

// registerBody is the body of catalog/register.
type registerBody struct {
	Node            string
	ID              string // of the node
	Address         string
	Datacenter      string
	TaggedAddresses map[string]string
	NodeMeta        map[string]string
	Locality        *catalog.Locality
	SkipNodeUpdate  bool
	Service         *serviceBody
	Check           *checkBody
	Checks          []checkBody
}

// serviceBody is an instance within it.
type serviceBody struct {
	ID                string // empty: Service
	Service           string // the name
	Tags              []string
	Address           string
	Port              int
	TaggedAddresses   map[string]catalog.ServiceAddress
	Meta              map[string]string
	Weights           *catalog.Weights // nil or all zero: the default
	EnableTagOverride bool
	DNS               *catalog.InstanceDNS
	Locality          *catalog.Locality
	Guard             *catalog.Guard
	ModifyIndex       uint64 // of a cas in a transaction
}

// checkBody is a check within it.
type checkBody struct {
	Node      string // empty or that of the registration
	CheckID   string // empty: Name
	Name      string // empty: CheckID
	Status    catalog.Status
	Notes     string
	Output    string
	ServiceID string
	Type      string
	Interval  string
	Timeout   string
	// Definition, on a node without an agent, says how agents are to probe the check.
	Definition *catalog.CheckDefinition

	ModifyIndex uint64 // of a cas in a transaction
}

// register writes a node, and on it an instance and checks, straight into the catalog.
func (s *Server) register(r *request) (answer, error) {
	var body registerBody
	if err := r.decodeKnowing(&body, foreignRowKey); err != nil {
		return answer{}, err
	}
	if a, passed, err := s.elsewhereByBody(ofView, r, body.Datacenter); passed || err != nil {
		return a, err
	}
	cmd, err := body.command(s.cfg.Datacenter)
	if err != nil {
		return answer{}, err
	}
	return s.decide(r, cmd)
}

// command checks the body and turns it into a command.
func (b *registerBody) command(datacenter string) (*catalog.Register, error) {
	if err := b.validNode(); err != nil {
		return nil, err
	}
	c := &catalog.Register{
		Node: catalog.Node{
			ID: b.ID, Name: b.Node, Address: b.Address, Datacenter: datacenter,
			TaggedAddresses: b.TaggedAddresses, Meta: b.NodeMeta, Locality: b.Locality,
		},
		SkipNodeUpdate: b.SkipNodeUpdate,
	}
	if b.Service != nil {
		i, err := b.Service.instance()
		if err != nil {
			return nil, err
		}
		c.Instance = i
	}
	checks := b.Checks
	if b.Check != nil {
		checks = append([]checkBody{*b.Check}, checks...)
	}
	for i := range checks {
		check, err := checks[i].check(b.Node)
		if err != nil {
			return nil, err
		}
		c.Checks = append(c.Checks, check)
	}
	return c, nil
}

func (b *registerBody) validNode() error {
	if err := catalog.ValidNodeName(b.Node); err != nil {
		return catalog.Errorf(catalog.Invalid, "Node: %w", err)
	}
	if b.ID != "" {
		if _, err := uuid.Parse(b.ID); err != nil || len(b.ID) != len(uuid.Nil.String()) {
			return catalog.Errorf(catalog.Invalid, "ID: %.40q is not a UUID", b.ID)
		}
	}
	if b.Locality != nil {
		if problems := b.Locality.Validate(); len(problems) > 0 {
			return catalog.Errorf(catalog.Invalid, "Locality.%w", problems[0])
		}
	}
	if b.Address == "" && !b.SkipNodeUpdate {
		return catalog.Errorf(catalog.Invalid, "Address: is missing")
	}
	if err := validAddress("Address", b.Address); err != nil {
		return err
	}
	for name, address := range b.TaggedAddresses {
		if err := validAddress("TaggedAddresses."+name, address); err != nil {
			return err
		}
	}
	return nil
}

// validAddress accepts nothing, an IP address that others can reach, or a host name.
func validAddress(field, address string) error {
	if address == "" {
		return nil
	}
	ip, err := netip.ParseAddr(address)
	if err == nil && !ip.IsUnspecified() && ip.Zone() == "" {
		return nil
	}
	if err == nil {
		return catalog.Errorf(catalog.Invalid, "%s: %s is not an address that others can reach", field, address)
	}
	if catalog.ValidHostName(address) != nil {
		return catalog.Errorf(catalog.Invalid, "%s: %.100q is neither an IP address nor a host name", field, address)
	}
	return nil
}

// instance checks the body by the rules every service definition obeys.
func (b *serviceBody) instance() (*catalog.Instance, error) {
	if b.Weights != nil && *b.Weights == (catalog.Weights{}) {
		b.Weights = nil // how clients with plain structs say nothing
	}
	def := catalog.ServiceDefinition{
		ID: b.ID, Name: b.Service, Tags: b.Tags, Address: b.Address, Port: b.Port,
		TaggedAddresses: b.TaggedAddresses, Meta: b.Meta, Weights: b.Weights, EnableTagOverride: b.EnableTagOverride,
		DNS: b.DNS, Locality: b.Locality, Guard: b.Guard,
	}
	if problems := def.Validate(); len(problems) > 0 {
		return nil, catalog.Errorf(catalog.Invalid, "Service.%w", problems[0])
	}
	def = def.Normalize()
	return &catalog.Instance{
		ID: def.ID, Name: def.Name, Tags: def.Tags, Address: def.Address, Port: def.Port,
		TaggedAddresses: def.TaggedAddresses, Meta: def.Meta, Weights: *def.Weights, EnableTagOverride: def.EnableTagOverride,
		DNS: def.DNS, Locality: def.Locality, Guard: def.Guard,
	}, nil
}

func (b *checkBody) check(node string) (*catalog.Check, error) {
	c := &catalog.Check{
		ID: b.CheckID, Name: b.Name, Status: b.Status, Notes: b.Notes, Output: clipOutput(b.Output),
		ServiceID: b.ServiceID, Type: b.Type, Interval: b.Interval, Timeout: b.Timeout,
	}
	if c.ID == "" {
		c.ID = c.Name
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	if c.Status == "" {
		c.Status = catalog.Critical
	}
	switch {
	case c.ID == "":
		return nil, catalog.Errorf(catalog.Invalid, "Check: needs a CheckID or a Name")
	case b.Node != "" && !catalog.EqualFold(b.Node, node):
		return nil, catalog.Errorf(catalog.Invalid, "Check.Node: %.100q is not the node that is being registered, %q", b.Node, node)
	case !c.Status.Valid():
		return nil, catalog.Errorf(catalog.Invalid, "Check.Status: %.40q is none of passing, warning, critical", string(c.Status))
	}
	var err error
	if c.Definition, err = b.probe(); err != nil {
		return nil, err
	}
	if d := c.Definition; d != nil {
		c.Type, c.Interval = cmp.Or(c.Type, string(d.Kind())), cmp.Or(c.Interval, d.Interval.String())
	}
	if err := plain("Check.CheckID", c.ID); err != nil {
		return nil, err
	}
	return c, plain("Check.ServiceID", c.ServiceID)
}

// clipOutput keeps as much of a check's output as the catalog holds, in whole characters.
func clipOutput(output string) string {
	if len(output) <= catalog.MaxCheckOutput {
		return output
	}
	end := catalog.MaxCheckOutput
	for end > 0 && !utf8.RuneStart(output[end]) {
		end--
	}
	return strings.Clone(output[:end])
}

// deregisterBody is the body of catalog/deregister.
type deregisterBody struct {
	Node       string
	Datacenter string
	ServiceID  string
	CheckID    string
}

// deregister removes an instance, a check, or a node with all that is on it.
func (s *Server) deregister(r *request) (answer, error) {
	var body deregisterBody
	if err := r.decodeKnowing(&body, foreignRowKey); err != nil {
		return answer{}, err
	}
	if a, passed, err := s.elsewhereByBody(ofView, r, body.Datacenter); passed || err != nil {
		return a, err
	}
	if body.Node == "" {
		return answer{}, catalog.Errorf(catalog.Invalid, "Node: is missing")
	}
	for field, value := range map[string]string{"Node": body.Node, "ServiceID": body.ServiceID, "CheckID": body.CheckID} {
		if err := plain(field, value); err != nil {
			return answer{}, err
		}
	}
	return s.decide(r, &catalog.Deregister{Node: body.Node, ServiceID: body.ServiceID, CheckID: body.CheckID})
}
