package consensus

import (
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/hashicorp/raft"
)

// outages tells once of a member that does not answer, and once when it does again. Raft
// would say so at each try, of which there are several a second.
type outages struct {
	log *slog.Logger

	mu  sync.Mutex
	out map[raft.ServerID]bool
}

func newOutages(log *slog.Logger) *outages {
	return &outages{log: log, out: map[raft.ServerID]bool{}}
}

// note takes down what became of a message to a member.
func (o *outages) note(id raft.ServerID, addr raft.ServerAddress, err error) {
	switch {
	case err == nil:
		if o.turned(id, false) {
			o.log.Info("server answers again", "id", string(id), "address", string(addr))
		}
	case errors.Is(err, errStalled), errors.Is(err, raft.ErrTransportShutdown), errors.Is(err, net.ErrClosed):
		// the fault is on this side: the replica has withdrawn, or is about to stop
	default:
		if o.turned(id, true) {
			o.log.Warn("server does not answer", "id", string(id), "address", string(addr), "error", err)
		}
	}
}

// turned sets whether a member is out and reports whether that is new.
func (o *outages) turned(id raft.ServerID, out bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.out[id] == out {
		return false
	}
	if out {
		o.out[id] = true
	} else {
		delete(o.out, id)
	}
	return true
}
