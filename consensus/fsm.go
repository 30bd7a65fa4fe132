package consensus

import (
	"fmt"

	"muster/catalog"

	"github.com/hashicorp/raft"
)

// fsm feeds committed log entries to the state. Raft calls it from one goroutine.
//
// A command that cannot be decoded was written by another version, or the log is
// damaged. Going on without it would make this replica differ from the others for
// ever, so the fsm halts in front of it: nothing more is applied, and no snapshot is
// taken that would claim otherwise.
type fsm struct {
	state     *catalog.State
	fail      func(error)
	committed func(position)           // told of the last entry of each batch, before it is applied; may be nil
	admit     func(index uint64) error // asked before a snapshot is loaded; nil admits all
	restoring func() bool              // a snapshot comes from Restore; nil: none does
	refusal   error                    // the last error of admit
	err       error                    // why the fsm has halted
}

// outcome is what became of a command.
type outcome struct {
	result catalog.Result
	err    error // the command's own
}

// ApplyBatch implements raft.BatchingFSM. Each response is an outcome, or an
// error when the fsm has halted. Raft keeps its no-op and barrier entries to itself.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	responses := make([]any, len(logs))
	if last := logs[len(logs)-1]; f.committed != nil {
		f.committed(position{last.Index, last.Term})
	}
	if f.err == nil {
		var steps []catalog.Step
		steps, f.err = decode(logs)
		for i, a := range f.state.ApplyAll(steps) {
			responses[i] = outcome{a.Result, a.Err}
		}
		if f.err != nil {
			f.fail(f.err)
		}
	}
	for i := range responses {
		if responses[i] == nil {
			responses[i] = f.err
		}
	}
	return responses
}

// decode returns the steps up to the first that cannot be decoded, and why that cannot.
func decode(logs []*raft.Log) ([]catalog.Step, error) {
	steps := make([]catalog.Step, 0, len(logs))
	for _, l := range logs {
		step := catalog.Step{Index: l.Index}
		if l.Type == raft.LogCommand {
			c, err := catalog.Decode(l.Data)
			if err != nil {
				return steps, fmt.Errorf("log entry %d: %w", l.Index, err)
			}
			step.Command = c
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// Apply implements raft.FSM.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// Snapshot implements raft.FSM.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if f.err != nil {
		return nil, f.err
	}
	return fsmSnapshot{f.state.Snapshot()}, nil
}

// fsmSnapshot is the state at one index, on its way to disk.
type fsmSnapshot struct{ view *catalog.Snapshot }

// Persist implements raft.FSMSnapshot.
func (s fsmSnapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.view.Persist(sink); err != nil {
		sink.Cancel() // the first error is the one to tell
		return err
	}
	return sink.Close()
}

// Release implements raft.FSMSnapshot.
func (s fsmSnapshot) Release() {}
