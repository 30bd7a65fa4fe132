package catalog

import (
	"reflect"
	"slices"
	"strings"
)

// Check is the health of a node or of one instance, as some observer last reported it.
type Check struct {
	Node        string // name of the node it belongs to
	ID          string // unique on its node
	Name        string // for people
	Status      Status
	Notes       string   `json:",omitempty"` // for people
	Output      string   `json:",omitempty"` // what the last probe said, at most MaxCheckOutput bytes
	ServiceID   string   `json:",omitempty"` // empty: a check of the node itself
	ServiceName string   `json:",omitempty"` // filled in from the instance
	ServiceTags []string `json:",omitempty"` // filled in from the instance
	Type        string   `json:",omitempty"` // kind of probe, one of [Kinds] or ""
	Interval    string   `json:",omitempty"` // as a Go duration, for people
	Timeout     string   `json:",omitempty"` // as a Go duration, for people
	// Definition says how agents other than the owner of the node are to look, as
	// [CheckDefinition.Probe] returns it; nil: they are not to. It is not modified.
	Definition   *CheckDefinition `json:",omitempty"`
	DefinedIndex uint64           `json:",omitempty"` // raft index at which Definition came to be what it is; 0: there is none
	CreateIndex  uint64
	ModifyIndex  uint64
}

// MaxCheckOutput is how many bytes of a probe's output are kept.
const MaxCheckOutput = 4096

// IsMaintenance reports whether this is a check that maintenance mode made.
func (c *Check) IsMaintenance() bool {
	return c.ID == NodeMaintenance || strings.HasPrefix(c.ID, ServiceMaintenancePrefix)
}

// SameAs reports whether two checks differ in their indexes at most.
func (c *Check) SameAs(o *Check) bool {
	return c.Output == o.Output && c.SameButOutput(o)
}

// SameButOutput reports whether two checks differ in their indexes and output at most.
func (c *Check) SameButOutput(o *Check) bool {
	return c.Node == o.Node && c.ID == o.ID && c.Name == o.Name && c.Status == o.Status && c.Notes == o.Notes &&
		c.ServiceID == o.ServiceID && c.ServiceName == o.ServiceName && slices.Equal(c.ServiceTags, o.ServiceTags) &&
		c.Type == o.Type && c.Interval == o.Interval && c.Timeout == o.Timeout && c.SameProbe(o)
}

// SameProbe reports whether two checks are observed alike.
func (c *Check) SameProbe(o *Check) bool {
	return c.Definition == o.Definition || reflect.DeepEqual(c.Definition, o.Definition)
}
