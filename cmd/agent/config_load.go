package agent

import (
	"cmp"
	"maps"
	"net/netip"
	"os"
	"slices"

	"github.com/hashicorp/go-sockaddr/template"

	"muster/catalog/document"
)

// LoadOptions say what a Config is made of, the later over the earlier.
type LoadOptions struct {
	Dev       bool      // begin with DevConfig instead of DefaultConfig
	Paths     []string  // config files and directories; see below
	Overrides Overrides // flags

	Hostname  func() (string, error)       // nil: os.Hostname
	HostAddrs func() ([]netip.Addr, error) // addresses of the host's interfaces; nil: the system's
	Template  func(string) (string, error) // evaluates a go-sockaddr template; nil: over the host's interfaces
}

// Load reads config files, lays flags over them and returns the settings of an
// agent that can start. Of a directory the files *.json are read in the order of
// their names. The error lists everything that is wrong, a line each.
func Load(o LoadOptions) (Config, error) {
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	if o.HostAddrs == nil {
		o.HostAddrs = hostAddrs
	}
	if o.Template == nil {
		o.Template = template.Parse
	}
	b := newBuilder(o)
	b.evaluate = o.Template
	b.build()
	b.complete(o)
	b.portClashes()
	if err := b.sorted().Err(); err != nil {
		return Config{}, err
	}
	b.cfg.Warnings = b.warnings
	return b.cfg, nil
}

// Validate checks config files as Load does, but for what flags may still add
// and what depends on the machine the agent will run on.
func Validate(paths []string) (warnings []string, problems document.Problems) {
	b := newBuilder(LoadOptions{Paths: paths})
	b.build()
	b.portClashes()
	return b.warnings, b.sorted()
}

// builder makes a Config of what was read.
type builder struct {
	*reader
	flags    map[string]string            // of the flags given, by folded key
	evaluate func(string) (string, error) // templates; nil: they are only parsed
	merged   settings
	doors    []*door // those that are served
	cfg      Config
}

func newBuilder(o LoadOptions) *builder {
	b := &builder{reader: newReader(), flags: o.Overrides.flags(), cfg: DefaultConfig()}
	if o.Dev {
		b.cfg = DevConfig()
	}
	for _, p := range o.Paths {
		b.path(p)
	}
	for _, s := range b.sources {
		merge(&b.merged, s.keys.settings)
	}
	merge(&b.merged, o.Overrides.settings())
	return b
}

// sortedKeys returns a map's keys in order, so that problems come in the same order each time.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// build makes everything that files and flags determine.
func (b *builder) build() {
	k := &b.merged
	b.node(&k.nodeKeys)
	b.role(&k.roleKeys)
	b.addresses(&k.addressKeys)
	b.gossip(&k.gossipKeys)
	b.join(&k.joinKeys)
	b.tls(&k.tlsKeys)
	b.raft(&k.raftKeys)
	b.autopilot(&k.autopilotKeys)
	b.snapshots(&k.snapshotKeys)
	b.dns(&k.dnsKeys)
	b.http(&k.httpKeys)
	b.process(&k.processKeys)
	b.checks(&k.checkKeys)
	b.guardDefaults(&k.guardKeys)
	b.external(&k.externalKeys)
	b.exec(&k.execKeys)
	b.registrations()
	b.watches()
	b.recordClashes()
	b.guards()
	b.exposure()
	if w := b.foreign.warning(); w != "" {
		b.warn(w)
	}
}

// sorted returns the problems as the files go, those without a place last.
func (b *builder) sorted() document.Problems {
	order := map[string]int{"": len(b.files)}
	for i, name := range b.files {
		order[name] = i
	}
	slices.SortStableFunc(b.problems, func(x, y document.Problem) int {
		return cmp.Or(order[x.File]-order[y.File], x.Line-y.Line, x.Column-y.Column)
	})
	return b.problems
}

// problem adds a problem of the merged settings.
func (b *builder) problem(key, format string, args ...any) {
	b.problems = append(b.problems, b.place(b.flags, key, format, args...))
}

// problemOnce adds a problem that several settings may lead to, the first time.
func (b *builder) problemOnce(key, format string, args ...any) {
	if p := b.place(b.flags, key, format, args...); !slices.Contains(b.problems, p) {
		b.problems = append(b.problems, p)
	}
}

func (b *builder) warn(text string) { b.warnings = append(b.warnings, text) }

// set takes over a value that is set.
func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
