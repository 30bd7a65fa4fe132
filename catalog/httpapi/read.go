package httpapi

import (
	"context"
	"net/http"
	"time"

	"muster/catalog"
)

// DefaultHoldTimeout is how long a request waits for a leader and a quorum when nobody says.
const DefaultHoldTimeout = 10 * time.Second

func (s *Server) hold() time.Duration {
	if s.cfg.HoldTimeout == 0 {
		return DefaultHoldTimeout
	}
	return s.cfg.HoldTimeout
}

// found is the result of a query against one snapshot.
type found struct {
	value any
	mark  catalog.Mark
	also  catalog.Mark // a second resource the value depends on; zero: none
	// missing makes the answer a 404 with an empty body.
	missing bool
	// raw is the body as it is, instead of value.
	raw []byte
}

func (f *found) index() uint64 { return max(f.mark.Index, f.also.Index, 1) }

// finder answers a read from a snapshot. It is called again whenever the marks of
// what it found last have changed.
type finder func(*catalog.Snapshot) (found, error)

// read serves a read of the state: it waits for the freshness the client asks for
// and, with ?index, until the answer's own index has passed it, the wait is over,
// the server closes, or the client has gone. It starts no goroutine.
func (s *Server) read(r *request, find finder) (answer, error) {
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	p := pause{s: s, r: r, most: opts}
	defer p.end()
	a := answer{}
	over := opts.index == 0
	for {
		mark, err := s.freshenFor(r.Context(), opts)
		if err != nil {
			return a, err
		}
		f, err := find(s.deps.State.Snapshot())
		if err != nil {
			return a, err
		}
		if over || f.index() > opts.index {
			return a.found(f, mark), nil
		}
		f.value, f.raw = nil, nil // thousands may wait; let them not hold what they will not send
		a.waited = true
		if over, err = p.wait(f.mark.Changed, f.also.Changed); err != nil {
			return a, err
		}
	}
}

// found completes an answer.
func (a answer) found(f found, mark readMark) answer {
	mark.index = f.index()
	a.read = &mark
	switch {
	case f.missing:
		a.status = http.StatusNotFound
	case f.raw != nil:
		a.raw, a.kind = f.raw, "application/octet-stream"
	default:
		a.json = f.value
	}
	return a
}

// freshen waits until the local state is as fresh as mode asks.
func (s *Server) freshen(ctx context.Context, mode catalog.Consistency) (catalog.Freshness, error) {
	ctx, cancel := context.WithTimeout(ctx, s.hold())
	defer cancel()
	return s.deps.Consensus.Read(ctx, mode)
}

// freshenFor waits for the freshness that a read asks for. With ?cached the agent's
// own copy will do as it is, unless it has not heard of the leader for too long.
func (s *Server) freshenFor(ctx context.Context, opts readOptions) (readMark, error) {
	if opts.cached {
		fresh, err := s.freshen(ctx, catalog.Stale)
		if err == nil && (opts.maxAge < 0 || fresh.LastContact <= opts.maxAge) {
			return readMark{fresh: fresh, mode: catalog.Stale, cached: true}, nil
		}
	}
	fresh, err := s.freshen(ctx, opts.mode)
	return readMark{fresh: fresh, mode: opts.mode}, err
}

// apply commits a command.
func (s *Server) apply(r *request, c catalog.Command) (catalog.Result, error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.hold())
	defer cancel()
	return s.deps.Consensus.Apply(ctx, c)
}
