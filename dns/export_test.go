package dns

import (
	"context"
	"hash/maphash"
	"net/netip"

	"muster/catalog"
)

// Cache lets tests ask a worker's cache, as a worker does.
type Cache struct{ c *cache }

// NewCache returns the cache of one of several workers.
func (h *Handler) NewCache(udp bool, workers int) Cache { return Cache{h.newCache(udp, workers)} }

// Answer writes the reply to one query into out. It is not ok when the slow path has to answer.
func (c Cache) Answer(out, query []byte, client netip.Addr) (n int, ok bool) {
	c.c.begin()
	defer c.c.end()
	return c.c.answer(out, copy(out, query), client)
}

// Begin and Again are Answer for the queries of a batch.
func (c Cache) Begin() { c.c.begin() }

func (c Cache) Again(out, query []byte, client netip.Addr) (n int, ok bool) {
	return c.c.answer(out, copy(out, query), client)
}

// Denies is Answer for names that are denied at once. It is not ok when something else has to answer.
func (c Cache) Denies(out, query []byte, client netip.Addr) (n int, ok bool) {
	c.c.begin()
	defer c.c.end()
	if !c.c.open || !c.c.plain.read(query) {
		return 0, false
	}
	copy(out, query)
	return c.c.deny(out, client)
}

// Kept returns how many answers the table holds, and how many bytes they take.
func (c Cache) Kept() (answers, bytes int) { return c.c.known.count, c.c.known.bytes }

// ReadPlain reports whether the fast path takes a message for a plain query.
func ReadPlain(wire []byte) bool { return new(plain).read(wire) }

// ReadQuery reports whether the slow path can read a message.
func ReadQuery(wire []byte) bool {
	head, ok := readHead(wire)
	if !ok || head.response {
		return false
	}
	_, code := readQuery(head, wire)
	return code == 0
}

// ReloadHandler replaces a handler's configuration.
func ReloadHandler(h *Handler, cfg Config) error { return h.reload(cfg) }

// Whole is the slow path's reply to a query, not cut to any size.
func Whole(h *Handler, wire []byte, udp bool) []byte {
	head, _ := readHead(wire)
	q, _ := readQuery(head, wire)
	q.udp = udp
	set := h.current.Load()
	m := set.compose(q, h.decide(context.Background(), set, q))
	out, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return out
}

// NewCacheOf returns a cache whose table is bounded to so many bytes.
func (h *Handler) NewCacheOf(bytes int) Cache {
	c := h.newCache(true, 1)
	c.known.most = bytes
	return Cache{c}
}

// Has reports whether an answer to a query is kept in the table.
func (c Cache) Has(query []byte) bool {
	q := new(plain)
	return q.read(query) && c.c.known.find(maphash.Bytes(c.c.seed, q.wireKey()), q.wireKey()) != nil
}

// Idle hands over what was counted.
func (c Cache) Idle() { c.c.idle() }

// Seed makes what the cache draws the same in every run.
func (c Cache) Seed() Cache { c.c.picker.rng.Seed(1, 2); return c }

// ReadSingly has a server that is not started read its packets one by one.
func ReadSingly(s *Server) error {
	for i, b := range s.binds {
		for k, c := range b.udp {
			c.close()
			network := "udp4"
			if b.addr.Addr().Is6() {
				network = "udp6"
			}
			single, err := listenSingle(network, b.addr)
			if err != nil {
				return err
			}
			s.binds[i].udp[k] = single
		}
	}
	return nil
}

// NodeSuffixes lets tests ask for names with nodes below them, as a worker does.
type NodeSuffixes struct{ n *nodeSuffixes }

// NewNodeSuffixes knows nothing yet.
func NewNodeSuffixes() NodeSuffixes { return NodeSuffixes{new(nodeSuffixes)} }

// Has reports whether there are nodes below a folded name.
func (n NodeSuffixes) Has(s *catalog.Snapshot, name string) bool { return n.n.has(s, name) }

// KeptImage identifies what the table keeps of a query; nil: nothing.
func KeptImage(c Cache, query []byte) any {
	q := new(plain)
	if !q.read(query) {
		return nil
	}
	return c.c.known.find(maphash.Bytes(c.c.seed, q.wireKey()), q.wireKey()).image
}
