package httpapi

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"

	"muster/catalog"
	"muster/catalog/archive"
)

// maxSnapshotBytes is the largest archive that is taken in, as it is sent.
const maxSnapshotBytes = 4 << 30

// putSnapshot makes the archive that is the body the state of the cluster.
func (s *Server) putSnapshot(r *request) (answer, error) {
	switch {
	case s.deps.Snapshots == nil:
		return answer{}, errNoSnapshots
	case r.ContentLength > maxSnapshotBytes:
		return answer{}, snapshotTooLarge(maxSnapshotBytes)
	}
	r.wait()
	return answer{waited: true, serve: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.restoreFrom(r.Context(), &relayedBody{r.Body, http.NewResponseController(w)})
		switch {
		case r.Context().Err() != nil:
			s.sendError(&recorder{ResponseWriter: w}, errClientGone)
		case err != nil:
			s.sendError(&recorder{ResponseWriter: w}, err)
		default:
			(&answer{}).send(w, nil, "", false)
		}
	})}, nil
}

// restoreFrom takes in an archive, verifies all of it, and only then touches the state.
func (s *Server) restoreFrom(ctx context.Context, body io.Reader) error {
	file, err := spool(s.deps.Snapshots.Spool(), body, maxSnapshotBytes)
	if err != nil {
		return err
	}
	defer file.Close() // a file that has no name any more has nothing to lose
	meta, err := archive.Verify(file, nil)
	if err != nil {
		return notTaken(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, state, err := archive.Open(file)
	if err != nil {
		return notTaken(err)
	}
	ctx, cancel := context.WithTimeout(ctx, restoreTimeout)
	defer cancel()
	if err := s.deps.Snapshots.Restore(ctx, state); err != nil {
		return err
	}
	s.log.Warn("the state was replaced by a snapshot", "index", meta.Index, "created", meta.Created, "datacenter", meta.Datacenter, "node", meta.Node)
	return nil
}

// notTaken is the error for an archive that is not taken; a disk that fails is not the client's fault.
func notTaken(err error) error {
	if _, disk := errors.AsType[*fs.PathError](err); disk {
		return err
	}
	return catalog.Errorf(catalog.Invalid, "snapshot refused, nothing was changed: %w", err)
}

// spool puts what arrives into a file that no directory lists, so that nothing
// stays behind whatever happens, and returns it at its beginning.
func spool(dir string, body io.Reader, limit int64) (_ *os.File, err error) {
	file, err := os.CreateTemp(dir, "muster-restore-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return nil, err
	}
	n, err := io.Copy(file, io.LimitReader(body, limit+1))
	if err != nil {
		if _, disk := errors.AsType[*fs.PathError](err); disk {
			return nil, err
		}
		return nil, catalog.Errorf(catalog.Invalid, "the snapshot did not arrive whole: %w", err)
	}
	if n > limit {
		return nil, snapshotTooLarge(limit)
	}
	_, err = file.Seek(0, io.SeekStart)
	return file, err
}

func snapshotTooLarge(limit int64) error {
	return catalog.Errorf(catalog.TooLarge, "snapshot is over the limit of %d bytes", limit)
}
