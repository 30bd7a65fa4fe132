package consensus

import (
	"context"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// TransferLeadership hands leadership to another server that has a vote, with an empty id to
// the one that is most up to date, and returns when this replica leads no more. It
// takes no writes meanwhile. The error is NotFound for an unknown id, Conflict for a server that cannot
// lead, and Unavailable when this replica does not lead or the other one did not
// take over within an election timeout; then this replica goes on leading.
func (r *Replica) TransferLeadership(ctx context.Context, id string) error {
	if err := r.mustLead(ctx); err != nil {
		return err
	}
	heir, err := r.heir(id)
	if err != nil {
		return err
	}
	err = r.await(ctx, func(m *raft.Raft) error {
		// The heir is elected in spite of the lease, so reads may not lean on the lease any more.
		r.handing.Add(1)
		r.look()
		defer r.look()
		defer r.handing.Add(-1)
		if id == "" {
			return m.LeadershipTransfer().Error()
		}
		return m.LeadershipTransferToServer(raft.ServerID(heir.ID), raft.ServerAddress(heir.Address)).Error()
	})
	if err != nil {
		return catalog.Errorf(catalog.Unavailable, "leadership not handed over: %w", err)
	}
	return nil
}

// heir returns the server to hand over to; any that may lead if id is empty.
func (r *Replica) heir(id string) (Server, error) {
	for _, s := range r.Servers() {
		switch {
		case id == "" && s.Voter && s.ID != r.cfg.ID:
			return s, nil
		case id == "" || s.ID != id:
		case id == r.cfg.ID:
			return s, catalog.Errorf(catalog.Conflict, "server %s leads already", id)
		case !s.Voter:
			return s, catalog.Errorf(catalog.Conflict, "server %s has no vote and cannot lead", id)
		default:
			return s, nil
		}
	}
	if id == "" {
		return Server{}, catalog.Errorf(catalog.Conflict, "there is no other server that could lead")
	}
	return Server{}, catalog.Errorf(catalog.NotFound, "no server %s in the raft configuration", id)
}
