package top

import (
	"time"
)

const (
	maxEvents   = 200    // changes that are kept
	maxHeldRows = 20_000 // rows of changes that are put off while paused
)

// page is what the screen is about.
type page int

const (
	ofServices page = iota
	ofInstances
	ofChecks
)

// Model is what is seen. It is for one goroutine.
type Model struct {
	paint         painter
	width, height int
	now           time.Time

	cluster *cluster // nil: not read yet
	events  []event  // newest last
	lost    trouble  // with changes
	unwell  trouble  // with samples
	sample  *Sample  // the last good one; nil: none yet
	shown   *Sample  // what the head tells of; not that of sample while paused
	rates   Rates
	rated   bool

	page      page
	services  list
	instances list
	scroll    int // lines of the page of checks above the screen
	rows      []*service
	of        string // key of the service whose instances are listed
	onNode    string // folded, and onID: the instance whose checks are shown
	onID      string
	members   []*instance
	dirty     bool // rows and members may be out of order

	filters [2]string // of services and of instances
	typing  bool
	failing bool
	help    bool

	paused bool
	held   []any // changes that came since
	heavy  int   // rows in held; over maxHeldRows: too many came, held is not whole
}

// trouble is since when something does not work, and why.
type trouble struct {
	since time.Time
	err   error // nil: it works
}

func (t *trouble) begin(at time.Time, err error) {
	if t.err == nil {
		t.since = at
	}
	t.err = err
}

// New makes a model that has seen nothing yet, with or without colours.
func New(colour bool) *Model {
	return &Model{paint: newPainter(colour), width: 80, height: 24}
}

// Update brings the model forward.
func (m *Model) Update(message any) Action {
	switch msg := message.(type) {
	case Batch:
		action := Nothing
		for _, one := range msg {
			action = max(action, m.Update(one))
		}
		return action
	case Loaded:
		m.lost = trouble{}
		m.take(msg)
	case Changed:
		m.take(msg)
	case Linked:
		m.lost = trouble{}
	case Lost:
		m.lost.begin(msg.At, msg.Err)
	case Sample:
		m.sampled(&msg)
	case Clock:
		m.now = msg.Now
	case Size:
		m.width, m.height = msg.Width, msg.Height
	case Key:
		return m.key(msg)
	}
	return Nothing
}

// take brings in what is told of the catalog, later if the model is paused.
func (m *Model) take(message any) {
	if !m.paused {
		m.bring(message)
		return
	}
	switch msg := message.(type) {
	case Loaded:
		m.held, m.heavy = nil, 0
	case Changed:
		m.heavy += len(msg.Change.Nodes) + len(msg.Change.Services) + len(msg.Change.Checks) + len(msg.Change.Gone)
	}
	if m.heavy > maxHeldRows {
		m.held = nil
		return
	}
	m.held = append(m.held, message)
}

func (m *Model) bring(message any) {
	m.dirty = true
	switch msg := message.(type) {
	case Loaded:
		m.cluster = read(msg.Nodes, m.cluster, msg.At, m.saw)
	case Changed:
		if m.cluster != nil {
			m.cluster.apply(msg.Change, msg.At)
		}
	}
}

// resume brings in what came during a pause.
func (m *Model) resume() Action {
	held, heavy := m.held, m.heavy
	m.paused, m.held, m.heavy, m.shown = false, nil, 0, m.sample
	if heavy > maxHeldRows {
		return Reload
	}
	for _, message := range held {
		m.bring(message)
	}
	return Nothing
}

// saw remembers an event.
func (m *Model) saw(e event) {
	m.events = append(m.events, e)
	if len(m.events) >= 2*maxEvents {
		m.events = append([]event(nil), m.events[maxEvents:]...)
	}
}

func (m *Model) sampled(s *Sample) {
	if s.Err != nil {
		m.unwell.begin(s.At, s.Err)
		return
	}
	m.unwell = trouble{}
	last := m.sample
	m.sample = s
	if m.paused {
		return
	}
	m.shown = s
	if last != nil {
		m.rates, m.rated = between(last, s)
	}
}

// arrange puts the rows of the page in order if they may be out of it.
func (m *Model) arrange() {
	if !m.dirty || m.cluster == nil || m.page == ofChecks {
		return
	}
	m.dirty = false
	if m.page == ofServices {
		m.rows = m.cluster.listed(matcher(m.filters[ofServices]), m.failing)
		m.services.settle(len(m.rows), m.serviceKey)
		return
	}
	m.members = m.cluster.services[m.of].listed(matcher(m.filters[ofInstances]), m.failing)
	m.instances.settle(len(m.members), m.instanceKey)
}

func (m *Model) serviceKey(i int) string  { return m.rows[i].key() }
func (m *Model) instanceKey(i int) string { return m.members[i].key() }
