package local

import (
	"time"

	"muster/catalog"
)

// instanceRow is a definition as a row of the catalog, with a guard if it states none.
func instanceRow(node string, d *catalog.ServiceDefinition, guard *catalog.Guard) *catalog.Instance {
	if d.Guard != nil {
		guard = d.Guard
	}
	return &catalog.Instance{
		Node:              node,
		ID:                d.ID,
		Name:              d.Name,
		Tags:              d.Tags,
		Address:           d.Address,
		Port:              d.Port,
		TaggedAddresses:   d.TaggedAddresses,
		Meta:              d.Meta,
		Weights:           *d.Weights,
		EnableTagOverride: d.EnableTagOverride,
		DNS:               d.DNS,
		Locality:          d.Locality,
		Guard:             guard,
	}
}

// checkRow is a definition as a row of the catalog, without a verdict. i is the
// instance it belongs to, nil for a check of the node.
func checkRow(node string, d *catalog.CheckDefinition, i *catalog.Instance) catalog.Check {
	row := catalog.Check{
		Node:      node,
		ID:        d.ID,
		Name:      d.Name,
		Notes:     d.Notes,
		ServiceID: d.ServiceID,
		Type:      string(d.Kind()),
		Interval:  forPeople(d.Interval),
		Timeout:   forPeople(d.Timeout),
	}
	if d.Observers > 1 {
		row.Definition = d.Probe()
	}
	if row.IsMaintenance() {
		row.Type = string(catalog.Maintenance)
	}
	if i != nil {
		row.ServiceName, row.ServiceTags = i.Name, i.Tags
	}
	return row
}

func forPeople(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
