package local

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"muster/catalog"
)

// Config says how a Store works.
type Config struct {
	// Node returns this node as it should stand in the catalog. It is called from
	// New on and from any goroutine; its Name never changes.
	Node func() catalog.Node
	// Dir is where registrations that came over HTTP are kept. Empty: nowhere.
	Dir string
	// ScriptsFromConfig and ScriptsFromHTTP allow checks that run programs, by
	// where their definition comes from.
	ScriptsFromConfig bool
	ScriptsFromHTTP   bool
	// UpdateInterval is how often a check's output is sent to the catalog while
	// its status stays the same. 0: at once, at the cost of a raft entry per probe.
	UpdateInterval time.Duration
	// Logger is told what no caller can be told. Nil: nobody.
	Logger *slog.Logger
}

// Store is what this node registered. All methods are safe for concurrent use.
type Store struct {
	cfg  Config
	disk *disk // nil: nothing is kept

	changed signal // anything a reader can see
	urgent  signal // anything the catalog must learn at once
	news    signal // anything else that it must learn

	// writing lets one registration in at a time. It is held over disk writes,
	// which mu is not: a slow disk must not hold up verdicts.
	writing sync.Mutex
	// waiting holds checks from disk whose service is not known, because it
	// stands in config files that are yet to be loaded. Guarded by writing.
	waiting []*check

	mu        sync.Mutex
	table     table                        // replaced as a whole, under both locks
	instances map[string]*catalog.Instance // rows of table.services
	states    map[string]*state            // verdicts on table.checks
	guard     *catalog.Guard               // of services that state none
}

// New returns a store with what its directory holds. A damaged file is an error
// that names the file: its registration is neither lost in silence nor guessed at.
func New(cfg Config) (*Store, error) {
	if cfg.Node == nil {
		return nil, catalog.Errorf(catalog.Invalid, "local store: Node is missing")
	}
	if cfg.UpdateInterval < 0 {
		return nil, catalog.Errorf(catalog.Invalid, "local store: update interval %v is negative", cfg.UpdateInterval)
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Store{
		cfg:       cfg,
		table:     table{services: map[string]*service{}, checks: map[string]*check{}},
		instances: map[string]*catalog.Instance{},
		states:    map[string]*state{},
	}
	if cfg.Dir == "" {
		return s, nil
	}
	d, err := openDisk(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s.disk = d
	if err := s.restore(); err != nil {
		return nil, err
	}
	return s, nil
}

// restore takes in what the directory holds.
func (s *Store) restore() error {
	services, checks, err := s.disk.load()
	if err != nil {
		return err
	}
	e := s.table.edit()
	for _, d := range services {
		e.putService(&service{def: bare(d), from: fromHTTP})
		for _, c := range d.Checks {
			e.putCheck(&check{def: c, from: fromHTTP, attached: true})
		}
	}
	for _, c := range checks {
		d := &c.def
		switch {
		case e.checks[d.ID] != nil:
			// The check was taken into its service's definition and the agent died
			// before the older file was gone.
			e.dirtyChecks[d.ID] = true
		case d.ServiceID != "" && e.services[d.ServiceID] == nil:
			s.waiting = append(s.waiting, c)
		default:
			e.putCheck(c)
		}
	}
	for _, c := range e.checks {
		if !s.mayRun(c) {
			s.cfg.Logger.Warn("check is not run: scripts registered over HTTP are off", "check", c.def.ID)
		}
	}
	s.adopt(e)
	return nil
}

// Instances returns the registered instances in the order of their ids.
func (s *Store) Instances() []*catalog.Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sorted(maps.Values(s.instances), func(i *catalog.Instance) string { return i.ID })
}

// Checks returns the registered checks with their last verdicts, in the order of their ids.
func (s *Store) Checks() []*catalog.Check {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]*catalog.Check, 0, len(s.states))
	for _, st := range s.states {
		out = append(out, st.row)
	}
	return sorted(slices.Values(out), func(c *catalog.Check) string { return c.ID })
}

// Definitions returns the normalised definition of every check that is to be
// probed, in the order of their ids. Maintenance checks are not among them, nor
// scripts from the directory that may no longer run.
func (s *Store) Definitions() []catalog.CheckDefinition {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]catalog.CheckDefinition, 0, len(s.table.checks))
	for _, c := range s.table.checks {
		if c.def.Kind() != catalog.KindNone && s.mayRun(c) {
			out = append(out, c.def)
		}
	}
	return sorted(slices.Values(out), func(d catalog.CheckDefinition) string { return d.ID })
}

// Changed returns a channel that is closed at the next change of what
// Instances, Checks, Definitions or Unproven return. Take it before reading those.
func (s *Store) Changed() <-chan struct{} { return s.changed.wait() }

// change lets f edit the table and makes the result durable, then visible. When
// f or the disk fails, nothing has changed in memory.
func (s *Store) change(f func(*edit) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	e := s.table.edit()
	if err := f(e); err != nil {
		return err
	}
	if s.disk != nil {
		if err := s.disk.save(e); err != nil {
			return err
		}
	}
	s.adopt(e)
	return nil
}

// adopt makes an edited table the current one.
func (s *Store) adopt(e *edit) {
	node := s.cfg.Node().Name
	s.mu.Lock()
	s.table = e.table
	for id := range e.dirtyServices {
		delete(s.instances, id)
		if v := e.services[id]; v != nil {
			s.instances[id] = instanceRow(node, &v.def, s.guard)
		}
	}
	for id := range e.dirtyChecks {
		if e.checks[id] == nil {
			delete(s.states, id)
		}
	}
	now := time.Now()
	for id, c := range e.checks {
		// A check repeats its service's name and tags.
		if e.dirtyChecks[id] || e.dirtyServices[c.def.ServiceID] {
			s.states[id] = s.states[id].become(c, s.mayRun(c), checkRow(node, &c.def, s.instances[c.def.ServiceID]), now)
		}
	}
	s.mu.Unlock()
	if len(e.dirtyServices)+len(e.dirtyChecks) > 0 {
		s.changed.fire()
	}
	// Also when nothing changed: who registers again may have missed its row in the catalog.
	s.urgent.fire()
}

// SetGuard sets the guard of services whose definitions state none. Nil: they have none.
func (s *Store) SetGuard(g *catalog.Guard) {
	s.writing.Lock()
	defer s.writing.Unlock()
	node := s.cfg.Node().Name
	s.mu.Lock()
	same := s.guard.Equal(g)
	s.guard = g
	for id, v := range s.table.services {
		if v.def.Guard == nil && !same {
			s.instances[id] = instanceRow(node, &v.def, g)
		}
	}
	s.mu.Unlock()
	if !same {
		s.changed.fire()
		s.urgent.fire()
	}
}

// mayRun reports whether a check is allowed to be probed where its definition comes from.
func (s *Store) mayRun(c *check) bool { return len(c.def.Args) == 0 || s.scriptsAllowed(c.from) }

func (s *Store) scriptsAllowed(from origin) bool {
	if from == fromHTTP {
		return s.cfg.ScriptsFromHTTP
	}
	return s.cfg.ScriptsFromConfig
}

func sorted[T any](seq func(func(T) bool), key func(T) string) []T {
	return slices.SortedFunc(seq, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

// view returns all that the catalog should have of this node at one moment, and
// by check id when its status was seen.
func (s *Store) view() (catalog.Node, rows, map[string]time.Time) {
	node := s.cfg.Node()
	s.mu.Lock()
	defer s.mu.Unlock()
	want := rows{instances: maps.Clone(s.instances), checks: make(map[string]*catalog.Check, len(s.states))}
	seen := make(map[string]time.Time, len(s.states))
	for id, st := range s.states {
		want.checks[id] = st.row
		seen[id] = st.seen
	}
	return node, want, seen
}
