package httpapi

import (
	"time"

	"muster/catalog"
)

// The types of this file are what Consul's clients see. Field names are the JSON
// names and the selectors of ?filter; lists and maps are empty rather than null,
// because clients in scripting languages iterate over them.

// Node is a node as catalog and health endpoints show it.
type Node struct {
	ID              string
	Node            string // its name
	Address         string
	Datacenter      string
	TaggedAddresses map[string]string
	Meta            map[string]string
	Locality        *catalog.Locality `json:",omitempty"`
	CreateIndex     uint64
	ModifyIndex     uint64
}

// Weights of an instance, as SRV answers carry them.
type Weights struct{ Passing, Warning int }

// ServiceAddress is an address with a port of its own.
type ServiceAddress struct {
	Address string
	Port    int
}

// ServiceDNS is what the owner of an instance asks of DNS; none when nothing was asked.
type ServiceDNS struct {
	Priority int      // of the SRV record
	TTL      string   `json:",omitempty"` // such as "30s"; empty: as the agent is configured
	ALPN     []string `json:",omitempty"` // protocols, such as "h2"
}

// ServiceGuard is what the owner of an instance wants when checks fail in numbers;
// none when nothing was asked.
type ServiceGuard struct {
	WhenAllCritical string `json:",omitempty"` // "none", "last_passing" or "all"
	BrakePercent    int    `json:",omitempty"`
	BrakeWindow     string `json:",omitempty"` // such as "10s"
	SlowStart       string `json:",omitempty"`
}

// Proxy is always empty; clients decode it without asking.
type Proxy struct {
	Mode        string
	MeshGateway struct{}
	Expose      struct{}
}

// CatalogService is an instance with its node in one flat object.
type CatalogService struct {
	ID                       string // of the node
	Node                     string
	Address                  string
	Datacenter               string
	TaggedAddresses          map[string]string
	NodeMeta                 map[string]string
	ServiceKind              string // always empty
	ServiceID                string
	ServiceName              string
	ServiceTags              []string
	ServiceAddress           string
	ServiceTaggedAddresses   map[string]ServiceAddress
	ServiceWeights           Weights
	ServiceMeta              map[string]string
	ServicePort              int
	ServiceSocketPath        string // always empty
	ServiceEnableTagOverride bool
	ServiceDNS               *ServiceDNS       `json:",omitempty"`
	ServiceLocality          *catalog.Locality `json:",omitempty"`
	ServiceGuard             *ServiceGuard     `json:",omitempty"`
	ServiceProxy             Proxy
	ServiceConnect           struct{}
	CreateIndex              uint64
	ModifyIndex              uint64
}

// NodeService is an instance without its node.
type NodeService struct {
	ID                string
	Service           string // its name
	Tags              []string
	Address           string
	TaggedAddresses   map[string]ServiceAddress
	Meta              map[string]string
	Port              int
	Weights           Weights
	EnableTagOverride bool
	DNS               *ServiceDNS       `json:",omitempty"`
	Locality          *catalog.Locality `json:",omitempty"`
	Guard             *ServiceGuard     `json:",omitempty"`
	Proxy             Proxy
	Connect           struct{}
	PeerName          string // always empty
	CreateIndex       uint64
	ModifyIndex       uint64
}

// HealthCheck is a check as catalog and health endpoints show it.
type HealthCheck struct {
	Node        string
	CheckID     string
	Name        string
	Status      string
	Notes       string
	Output      string
	ServiceID   string
	ServiceName string
	ServiceTags []string
	Type        string
	Interval    string
	Timeout     string
	ExposedPort int // always 0
	Definition  CheckDefinition
	CreateIndex uint64
	ModifyIndex uint64
}

// ServiceEntry is an instance with its node and all checks its health depends on.
type ServiceEntry struct {
	Node    *Node
	Service *NodeService
	Checks  []*HealthCheck
}

func shapeNode(n *catalog.Node) *Node {
	return &Node{
		ID: n.ID, Node: n.Name, Address: n.Address, Datacenter: n.Datacenter,
		TaggedAddresses: nonNilMap(n.TaggedAddresses), Meta: nonNilMap(n.Meta), Locality: n.Locality,
		CreateIndex: n.CreateIndex, ModifyIndex: n.ModifyIndex,
	}
}

func shapeCatalogService(n *catalog.Node, i *catalog.Instance) *CatalogService {
	return &CatalogService{
		ID: n.ID, Node: n.Name, Address: n.Address, Datacenter: n.Datacenter,
		TaggedAddresses: nonNilMap(n.TaggedAddresses), NodeMeta: nonNilMap(n.Meta),
		ServiceID: i.ID, ServiceName: i.Name, ServiceTags: nonNil(i.Tags),
		ServiceAddress: i.Address, ServiceTaggedAddresses: shapeAddresses(i.TaggedAddresses),
		ServiceWeights: Weights(i.Weights), ServiceMeta: nonNilMap(i.Meta), ServicePort: i.Port,
		ServiceEnableTagOverride: i.EnableTagOverride, ServiceDNS: shapeDNS(i.DNS), ServiceLocality: i.Locality, ServiceGuard: shapeGuard(i.Guard),
		CreateIndex: i.CreateIndex, ModifyIndex: i.ModifyIndex,
	}
}

func shapeService(i *catalog.Instance) *NodeService {
	return &NodeService{
		ID: i.ID, Service: i.Name, Tags: nonNil(i.Tags), Address: i.Address,
		TaggedAddresses: shapeAddresses(i.TaggedAddresses), Meta: nonNilMap(i.Meta), Port: i.Port,
		Weights: Weights(i.Weights), EnableTagOverride: i.EnableTagOverride, DNS: shapeDNS(i.DNS), Locality: i.Locality, Guard: shapeGuard(i.Guard),
		CreateIndex: i.CreateIndex, ModifyIndex: i.ModifyIndex,
	}
}

func shapeCheck(c *catalog.Check) *HealthCheck {
	return &HealthCheck{
		Node: c.Node, CheckID: c.ID, Name: c.Name, Status: string(c.Status), Notes: c.Notes, Output: c.Output,
		ServiceID: c.ServiceID, ServiceName: c.ServiceName, ServiceTags: nonNil(c.ServiceTags),
		Type: c.Type, Interval: c.Interval, Timeout: c.Timeout, Definition: shapeDefinition(c.Definition),
		CreateIndex: c.CreateIndex, ModifyIndex: c.ModifyIndex,
	}
}

func shapeEntry(e catalog.Entry) *ServiceEntry {
	return &ServiceEntry{Node: shapeNode(e.Node), Service: shapeService(e.Instance), Checks: each(e.Checks, shapeCheck)}
}

func shapeAddresses(m map[string]catalog.ServiceAddress) map[string]ServiceAddress {
	out := make(map[string]ServiceAddress, len(m))
	for name, a := range m {
		out[name] = ServiceAddress(a)
	}
	return out
}

func shapeDNS(d *catalog.InstanceDNS) *ServiceDNS {
	if d == nil {
		return nil
	}
	out := &ServiceDNS{Priority: d.Priority, ALPN: d.ALPN}
	if d.TTL != nil {
		out.TTL = d.TTL.String()
	}
	return out
}

func shapeGuard(g *catalog.Guard) *ServiceGuard {
	if g == nil {
		return nil
	}
	return &ServiceGuard{
		WhenAllCritical: string(g.WhenAllCritical), BrakePercent: g.BrakePercent,
		BrakeWindow: durationText(g.BrakeWindow), SlowStart: durationText(g.SlowStart),
	}
}

// durationText writes a duration that may be left out.
func durationText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// each converts a list; the result is empty rather than nil.
func each[A, B any](rows []A, shape func(A) B) []B {
	out := make([]B, len(rows))
	for i, row := range rows {
		out[i] = shape(row)
	}
	return out
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func nonNilMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
