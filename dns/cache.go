package dns

import (
	"hash/maphash"
	"math/rand/v2"
	"net/netip"
	"time"

	"muster/catalog"
	"muster/metrics"
)

const (
	// cacheBytes bounds the answers kept in memory, by all workers together. A worker
	// may have leastBytes in any case, so that on hosts with many processors each still has what it is asked for.
	cacheBytes, leastBytes = 128 << 20, 8 << 20
	// slotBytes is what a kept image costs beside its own bytes: two places of the table, the struct.
	slotBytes = 400
	// tallyEvery is how long counts may wait for others to see them, while queries come without a pause.
	tallyEvery = 100 * time.Millisecond
)

// cache answers plain questions from answers it has compiled before. It is one
// worker's own: workers share nothing when they answer. A worker that has received queries calls
// begin, answers them, and calls end.
//
// No answer outlives what it was made of. An image is looked at before each use, unless the
// catalog's [catalog.Moment] is the one at which it was last looked at.
type cache struct {
	h   *Handler
	udp bool

	known  answerTable // what the catalog says
	other  answerShelf // what anybody can make up
	denier denier
	seed   maphash.Seed

	// Of the queries being answered.
	set    *settings
	view   View
	now    time.Time
	open   bool   // images may be used
	turn   uint64 // counts calls of begin
	since  uint64 // the turn at which moment began: what was used since then holds
	moment catalog.Moment
	plain  plain

	picker  picker
	luck    luck
	rng     *rand.Rand // whose source is luck
	room    [1024]byte // in which most answers are packed
	scratch []byte     // and single records
	tally   *metrics.Tally
	tallied time.Time
	took    time.Duration // of the queries answered last
}

// newCache returns the cache of one of several workers, for queries over UDP or over TCP.
func (h *Handler) newCache(udp bool, workers int) *cache {
	c := &cache{
		h: h, udp: udp, seed: maphash.MakeSeed(), tally: h.metrics.NewTally(),
		known:  answerTable{most: max(cacheBytes/workers, leastBytes)},
		picker: picker{rng: rand.NewPCG(rand.Uint64(), rand.Uint64())},
	}
	c.rng = rand.New(&c.luck)
	return c
}

// begin takes notice of the settings and the catalog as they are at the moment. Queries
// received before get no answer from before.
func (c *cache) begin() {
	set, view := c.h.current.Load(), c.h.src.View()
	c.now, c.turn = time.Now(), c.turn+1
	c.open = view.Ready && view.Age <= set.cfg.StaleAfter
	if !c.open {
		return
	}
	now := view.Snapshot.Moment()
	if set != c.set || !now.SameState(c.moment) {
		c.known, c.other = answerTable{most: c.known.most}, answerShelf{}
		c.denier.forget()
	}
	if now != c.moment {
		c.since = c.turn
	}
	c.set, c.view, c.moment = set, view, now
}

// end lets go of the catalog.
func (c *cache) end() {
	c.view = View{}
	c.took = time.Since(c.now)
	if c.now.Sub(c.tallied) > tallyEvery {
		c.idle()
	}
}

// idle hands over what was counted.
func (c *cache) idle() {
	c.tally.Flush(c.took)
	c.tallied = c.now
}

// answer turns a query of n octets in msg into its reply and returns the reply's size: 0 when
// nothing is to be sent. msg has room for the longest reply there is. If it is not ok the
// slow path has to answer, and the query is as it was.
func (c *cache) answer(msg []byte, n int, client netip.Addr) (size int, ok bool) {
	q := &c.plain
	if !c.open || !q.read(msg[:n]) {
		return 0, false
	}
	path := metrics.Hit
	hash := maphash.Bytes(c.seed, q.wireKey())
	im := c.find(hash, q.wireKey())
	if im == nil {
		if size, ok = c.deny(msg, client); ok {
			return size, true
		}
		path = metrics.Miss
		if im = c.compile(q); im == nil {
			return 0, false
		}
		c.keep(hash, im)
	}
	if im.slow {
		return 0, false
	}
	to := c.circumstances(client)
	to.text = q.edns.present && im.opt < im.text && contains(c.set.cfg.ExplainNetworks, client)
	if size = im.write(msg, q, &to, &c.picker); size == 0 {
		return 0, false
	}
	if c.udp {
		size = c.limit(msg, size, im.rcode(), client)
	}
	if size > 0 {
		c.count(path, msg, im, client)
	}
	return size, true
}

// find returns the image of a question that holds, or nil.
func (c *cache) find(hash uint64, key []byte) *image {
	s := c.known.find(hash, key)
	if s == nil {
		if s = c.other.find(hash, key); s == nil {
			return nil
		}
	}
	if s.used < c.since && !s.holds() {
		return nil
	}
	s.used = c.turn
	return s.image
}

// keep holds on to a new image, in place of any other of its question. What only the
// catalog's owners can bring about goes into the table; what a client can think up, names
// without records and names that are addresses, onto the shelf, where it drives out nothing else.
func (c *cache) keep(hash uint64, im *image) {
	s := answerSlot{hash: hash, used: c.turn, image: im}
	if im.positive() && len(im.marks) > 0 {
		c.known.keep(s, c.picker.rng)
		return
	}
	c.known.remove(hash, im.key())
	c.other.keep(s)
}
