package catalog

// Locality is where a node or an instance runs, in the words of whoever runs it. The zero value says nothing.
type Locality struct {
	Region string `key:"region"`
	Zone   string `key:"zone"` // within the region
}

// maxLocality bounds either name, in bytes.
const maxLocality = 128

// Validate returns what is wrong with a locality, with the names of its keys.
func (l *Locality) Validate() Problems {
	var p Problems
	for _, part := range []struct{ field, name string }{{"region", l.Region}, {"zone", l.Zone}} {
		if len(part.name) > maxLocality || hasControl(part.name) {
			p.add(part.field, "%.40q is over %d bytes or has a control character", part.name, maxLocality)
		}
	}
	if l.Zone != "" && l.Region == "" {
		p.add("zone", "is set without a region")
	}
	return p
}

// Equal reports whether two of them say the same. Nil says nothing.
func (l *Locality) Equal(o *Locality) bool { return l.said() == o.said() }

func (l *Locality) said() Locality {
	if l == nil {
		return Locality{}
	}
	return *l
}

// Tier is how much two places have in common. Lower is nearer.
type Tier int

// The tiers.
const (
	SameZone Tier = iota
	SameRegion
	Elsewhere
)

// To is the tier of another place, as seen from this one. Names differ if a letter's case does.
func (l Locality) To(o Locality) Tier {
	switch {
	case l.Region == "" || l.Region != o.Region:
		return Elsewhere
	case l.Zone == "" || l.Zone != o.Zone:
		return SameRegion
	}
	return SameZone
}

// Locality is where the instance runs: where it says, or else where its node does.
func (e *Entry) Locality() Locality {
	if own := e.Instance.Locality.said(); own != (Locality{}) {
		return own
	}
	return e.Node.Locality.said()
}
