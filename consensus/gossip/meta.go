package gossip

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/hashicorp/memberlist"
)

// meta is what every member tells of itself with each sign of life.
type meta struct {
	WAN        bool
	Server     bool
	Protocol   uint8
	RPCPort    uint16
	Expect     int
	ID         string
	Datacenter string
	Build      string
	Tags       map[string]string
	// Run tells one life of a member from the next: it grows with every start, and
	// when the member refutes that it has left. What is said of a run is void for later ones.
	Run uint64
}

const (
	metaVersion = 1 // of the layout; what is appended to it does not change the version

	flagServer = 1 << 0
	flagWAN    = 1 << 1

	maxExpect = 1 << 16
	maxTags   = 32
)

// encode returns the wire form, or an error if it is larger than memberlist carries.
func (m meta) encode() ([]byte, error) {
	var e encoder
	e.byte(metaVersion)
	var flags byte
	if m.Server {
		flags |= flagServer
	}
	if m.WAN {
		flags |= flagWAN
	}
	e.byte(flags)
	e.byte(m.Protocol)
	e.number(uint64(m.RPCPort))
	e.number(uint64(m.Expect))
	e.number(m.Run)
	e.string(m.ID)
	e.string(m.Datacenter)
	e.string(m.Build)
	e.number(uint64(len(m.Tags)))
	for _, k := range slices.Sorted(maps.Keys(m.Tags)) {
		e.string(k)
		e.string(m.Tags[k])
	}
	if len(e) > memberlist.MetaMaxSize {
		return nil, fmt.Errorf("what this agent tells of itself takes %d bytes, %d at most: use fewer or shorter tags", len(e), memberlist.MetaMaxSize)
	}
	if _, err := decodeMeta(e); err != nil {
		return nil, fmt.Errorf("what this agent tells of itself: %w", err)
	}
	return e, nil
}

// decodeMeta reads the wire form of any member. What later builds append is skipped.
func decodeMeta(data []byte) (meta, error) {
	if len(data) == 0 {
		return meta{}, fmt.Errorf("not an agent of this kind: it tells nothing of itself")
	}
	if len(data) > memberlist.MetaMaxSize {
		return meta{}, fmt.Errorf("tells more of itself than fits")
	}
	if data[0] != metaVersion {
		return meta{}, fmt.Errorf("not an agent of this kind, or of another version: its layout is %d, this build knows %d", data[0], metaVersion)
	}
	d := decoder{rest: data[1:]}
	flags := d.byte()
	m := meta{
		Server: flags&flagServer != 0, WAN: flags&flagWAN != 0,
		Protocol:   d.byte(),
		RPCPort:    uint16(d.number(math.MaxUint16)),
		Expect:     int(d.number(maxExpect)),
		Run:        d.number(math.MaxUint64),
		ID:         d.string(maxName),
		Datacenter: d.string(maxName),
		Build:      d.string(maxName),
	}
	n := d.number(maxTags)
	for range n {
		k, v := d.string(memberlist.MetaMaxSize), d.string(memberlist.MetaMaxSize)
		if d.err != nil {
			break
		}
		if m.Tags == nil {
			m.Tags = make(map[string]string, n)
		}
		m.Tags[k] = v
	}
	if d.err != nil {
		return meta{}, fmt.Errorf("what it tells of itself is damaged: %w", d.err)
	}
	if err := checkName("id", m.ID); err != nil {
		return meta{}, err
	}
	if err := checkName("datacenter", m.Datacenter); err != nil {
		return meta{}, err
	}
	return m, nil
}
