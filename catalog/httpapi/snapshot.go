package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"muster/catalog"
	"muster/catalog/archive"
)

// Snapshotter is what snapshots need beside the state. Its methods are called on
// servers alone, Restore on the one that leads.
type Snapshotter interface {
	// About is what the state does not know of itself. Created is filled in.
	About() archive.About
	// Restore replaces the state of the whole cluster by one that
	// [catalog.Snapshot.Persist] wrote, and returns when it holds. It reads at once
	// and to the end; an error of the reader changes nothing. Errors carry catalog codes.
	Restore(ctx context.Context, state io.Reader) error
	// Spool is the directory where snapshots wait while they arrive; "": the system's for temporary files.
	Spool() string
}

// restoreTimeout bounds how long a verified snapshot takes to become the state.
const restoreTimeout = 10 * time.Minute

// errNoSnapshots answers where no snapshots are served.
var errNoSnapshots = failf(http.StatusNotImplemented, "this agent serves no snapshots")

func (s *Server) snapshotRoutes() []route {
	return []route{{
		template: "/v1/snapshot", place: byLeaderUnlessStale, streams: true,
		methods: map[string]handler{http.MethodGet: s.getSnapshot, http.MethodPut: s.putSnapshot},
	}}
}

// getSnapshot sends the state as an archive, a quorum vouching that it is current unless ?stale says not to ask.
func (s *Server) getSnapshot(r *request) (answer, error) {
	if s.deps.Snapshots == nil {
		return answer{}, errNoSnapshots
	}
	opts, err := r.readOptions()
	if err != nil {
		return answer{}, err
	}
	if opts.mode == catalog.Default {
		opts.mode = catalog.Consistent
	}
	fresh, err := s.freshen(r.Context(), opts.mode)
	if err != nil {
		return answer{}, err
	}
	r.wait() // the first byte comes when all rows were counted
	return answer{waited: true, serve: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		snap := s.deps.State.Snapshot()
		(&readMark{index: snap.Index, fresh: fresh, mode: opts.mode}).tell(w.Header())
		w.Header().Set("Content-Type", "application/x-gzip")
		if r.Method != http.MethodHead {
			s.sendSnapshot(w, r, snap)
		}
	})}, nil
}

// sendSnapshot streams an archive. One that fails is cut off, so that half of it does not pass for all.
func (s *Server) sendSnapshot(w http.ResponseWriter, r *http.Request, snap *catalog.Snapshot) {
	about := s.deps.Snapshots.About()
	about.Created = time.Now()
	_, err := archive.Write(&relay{w, http.NewResponseController(w)}, snap, about)
	if err == nil {
		return
	}
	if r.Context().Err() == nil {
		s.log.Error("snapshot was not sent", "error", err)
	}
	panic(http.ErrAbortHandler)
}
