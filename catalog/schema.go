package catalog

import (
	"fmt"
	"net/netip"

	"github.com/hashicorp/go-memdb"
)

// Tables. Keys are lower-cased where DNS or Consul's clients ignore case.
const (
	tableNodes     = "nodes"     // *Node
	tableInstances = "instances" // *Instance
	tableChecks    = "checks"    // *Check
	tableKeys      = "keys"      // *Pair
	tableGraves    = "graves"    // *grave: deleted keys, so that indexes never run backwards
	tableVersions  = "versions"  // *version: last index of each watched resource
)

// grave remembers when a key was deleted.
type grave struct {
	Key   string
	Index uint64
}

// version is the raft index at which a resource last changed.
type version struct {
	Resource string
	Index    uint64
}

// index tells go-memdb where rows stand: keyOf computes a row's key, the caller
// of a query passes a key that is ready made (a string built by the functions below).
type index[T any] struct {
	keyOf func(T) string // "" leaves the row out
}

func (x index[T]) FromArgs(args ...any) ([]byte, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("one key wanted, %d given", len(args))
	}
	key, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("key is a %T, not a string", args[0])
	}
	return []byte(key), nil
}

func (x index[T]) PrefixFromArgs(args ...any) ([]byte, error) { return x.FromArgs(args...) }

func (x index[T]) FromObject(row any) (bool, []byte, error) {
	r, ok := row.(T)
	if !ok {
		return false, nil, fmt.Errorf("row is a %T, not a %T", row, r)
	}
	key := x.keyOf(r)
	return key != "", []byte(key), nil
}

// The parts of a composed key are joined by NUL, which no name or id may contain,
// and end with one, so that no key is the prefix of another.

func nodeKey(name string) string         { return Fold(name) + "\x00" }
func onNodeKey(node, id string) string   { return Fold(node) + "\x00" + id + "\x00" }
func serviceKey(name string) string      { return Fold(name) + "\x00" }
func ofServiceKey(node, s string) string { return Fold(node) + "\x00" + s + "\x00" }
func addrKey(a netip.Addr) string        { b := a.Unmap().As16(); return string(b[:]) }

// addrKeyOf is addrKey for an address that may be missing or a host name.
func addrKeyOf(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	return addrKey(a)
}

const indexKeyLen = 8

func indexKey(i uint64) string {
	var b [indexKeyLen]byte
	for n := range b {
		b[n] = byte(i >> (8 * (indexKeyLen - 1 - n)))
	}
	return string(b[:])
}

func schema() *memdb.DBSchema {
	db := &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{
		tableNodes: table(
			unique("id", index[*Node]{func(n *Node) string { return nodeKey(n.Name) }}),
			unique("uuid", index[*Node]{func(n *Node) string { return Fold(n.ID) }}),
			many("addr", index[*Node]{func(n *Node) string { return addrKeyOf(n.Address) }}),
		),
		tableInstances: table(
			unique("id", index[*Instance]{func(i *Instance) string { return onNodeKey(i.Node, i.ID) }}),
			many("service", index[*Instance]{func(i *Instance) string { return serviceKey(i.Name) }}),
			many("addr", index[*Instance]{func(i *Instance) string { return addrKeyOf(i.Address) }}),
		),
		tableChecks: table(
			unique("id", index[*Check]{func(c *Check) string { return onNodeKey(c.Node, c.ID) }}),
			many("of", index[*Check]{func(c *Check) string { return ofServiceKey(c.Node, c.ServiceID) }}),
		),
		tableKeys: table(
			unique("id", index[*Pair]{func(p *Pair) string { return p.Key }}),
		),
		tableGraves: table(
			unique("id", index[*grave]{func(g *grave) string { return g.Key }}),
			many("age", index[*grave]{func(g *grave) string { return indexKey(g.Index) }}),
		),
		tableVersions: table(
			unique("id", index[*version]{func(v *version) string { return v.Resource }}),
		),
	}}
	for name, t := range db.Tables {
		t.Name = name
	}
	return db
}

func table(indexes ...*memdb.IndexSchema) *memdb.TableSchema {
	t := &memdb.TableSchema{Indexes: map[string]*memdb.IndexSchema{}}
	for _, x := range indexes {
		t.Indexes[x.Name] = x
	}
	return t
}

func unique(name string, x memdb.Indexer) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: name, Unique: true, AllowMissing: name != "id", Indexer: x}
}

func many(name string, x memdb.Indexer) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: name, AllowMissing: true, Indexer: x}
}
