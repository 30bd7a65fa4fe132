package catalog

import (
	"slices"
	"sort"
	"sync"
)

// Bounds of what [Changes] keeps.
const (
	maxChanges     = 16 << 10
	maxChangeBytes = 16 << 20 // by the estimate of sizeOf
)

// Changes are the recent steps of a state that may have changed nodes, instances,
// checks, events or prepared queries, for those who follow it. A state that begins with the rows of
// [Snapshot.PersistDiscovery] and applies them in order has, at equal indexes, the
// same of these rows and marks. Commands without success, keys and the like are left out.
//
// Nobody who reads Changes holds up the state. Safe for concurrent use.
type Changes struct {
	mu    sync.Mutex
	steps []*Change // oldest first
	bytes int
	floor uint64    // nothing after it is missing
	head  *Snapshot // behind the last step
	moved chan struct{}
	ended bool
	rows  *Rows // the last that were begun

	maxSteps, maxBytes int
}

// Changes returns the steps kept at present. A Restore ends them: those who follow
// begin again with new Changes and their Snapshot.
func (s *State) Changes() *Changes { return s.changes.Load() }

func newChanges(head *Snapshot) *Changes {
	return &Changes{floor: head.Index, head: head, maxSteps: maxChanges, maxBytes: maxChangeBytes}
}

// Snapshot returns the rows at the index that Since leads to. Unlike
// [State.Snapshot] it is never taken in the midst of a commit: its index is that of its rows.
func (c *Changes) Snapshot() *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

// Since returns the steps after index, in order, and the index that a state has which
// applied them all; that may lie past the last step, or before index if this
// state has not come so far. It is not ok if some of the steps are no longer kept, or there was a Restore.
func (c *Changes) Since(index uint64) (steps []*Change, head uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || index < c.floor {
		return nil, 0, false
	}
	from := sort.Search(len(c.steps), func(i int) bool { return c.steps[i].Index > index })
	return slices.Clone(c.steps[from:]), c.head.Index, true
}

// Changed returns a channel that is closed by the next step, or a Restore. Take it
// before Since. An index that moves without a step does not close it; see [State.Reached].
func (c *Changes) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return closed
	}
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return c.moved
}

// add appends steps that lead to head.
func (c *Changes) add(steps []*Change, head *Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = head
	if len(steps) == 0 {
		return
	}
	for _, s := range steps {
		c.steps, c.bytes = append(c.steps, s), c.bytes+s.size
	}
	for len(c.steps) > c.maxSteps || c.bytes > c.maxBytes {
		oldest := c.steps[0]
		c.steps[0] = nil // the array lives on
		c.steps, c.bytes, c.floor = c.steps[1:], c.bytes-oldest.size, oldest.Index
	}
	c.wake()
}

// end tells those who follow that the state has other rows now.
func (c *Changes) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended, c.steps, c.rows = true, nil, nil
	c.wake()
}

func (c *Changes) wake() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// Change is one step of [Changes].
type Change struct {
	Index   uint64
	size    int
	settled []Touched // checks that their observers brought to another status

	mu      sync.Mutex
	command Command // nil once encoded
	encoded []byte
}

// newChange returns the change that the successful commands of a step make, or nil.
func newChange(index uint64, done []Command) *Change {
	switch len(done) {
	case 0:
		return nil
	case 1:
		return &Change{Index: index, command: done[0], size: sizeOf(done[0])}
	}
	b := &Batch{Commands: slices.Clone(done)}
	return &Change{Index: index, command: b, size: sizeOf(b)}
}

// Encode returns the command of the step as [Encode] does. It is encoded when it is
// first asked for; all who ask share the bytes and must not write to them.
func (c *Change) Encode() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.encoded == nil {
		data, err := Encode(c.command)
		if err != nil {
			return nil, err
		}
		c.encoded, c.command = data, nil
	}
	return c.encoded, nil
}

// sizeOf estimates what a command takes, in memory or encoded. It errs by a factor of
// two at most where commands are small, and not by much where they are large.
func sizeOf(c Command) int {
	const row = 512
	switch c := c.(type) {
	case *Register:
		size := row + sizeOfMap(c.Node.Meta) + sizeOfMap(c.Node.TaggedAddresses)
		if i := c.Instance; i != nil {
			size += row + sizeOfMap(i.Meta) + 64*len(i.Tags) + 128*len(i.TaggedAddresses)
			for _, t := range i.Tags {
				size += len(t)
			}
		}
		for _, k := range c.Checks {
			size += row + len(k.Output) + len(k.Notes)
			if k.Definition != nil {
				size += row
			}
		}
		return size
	case *SetStatus:
		return row/2 + len(c.Output)
	case *UpdateCoordinates:
		return row * len(c.Updates)
	case *Observe:
		return row/2 + len(c.Output)
	case *TendTurns:
		return row/2 + row/4*len(c.Turns)
	case *FireEvent:
		return row + len(c.Payload)
	case *SetPreparedQuery:
		return 4 * row
	case *Batch:
		size := 0
		for _, part := range c.Commands {
			size += sizeOf(part)
		}
		return size
	}
	return row / 2
}

func sizeOfMap(m map[string]string) int {
	size := 0
	for k, v := range m {
		size += 64 + len(k) + len(v)
	}
	return size
}
