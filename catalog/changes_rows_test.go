package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// large returns a state whose rows take several pieces.
func large(t *testing.T) *State {
	s := New()
	for i := range 2000 {
		apply(t, s, instance(fmt.Sprint("n", i), "10.0.0.1", "web1", "web", &Check{ID: "c", ServiceID: "web1", Status: Passing, Output: string(make([]byte, 500))}))
	}
	return s
}

// stalling is a reader that goes on when it is told.
type stalling struct {
	bytes.Buffer
	begun, resume chan struct{}
}

func (w *stalling) Write(b []byte) (int, error) {
	if w.Len() == 0 {
		close(w.begun)
		<-w.resume
	}
	return w.Buffer.Write(b)
}

// TestRowsAreShared has readers come while another one is stuck: all read the same rows, without waiting for it.
func TestRowsAreShared(t *testing.T) {
	s := large(t)
	want := discovery(t, s.Snapshot())
	slow := &stalling{begun: make(chan struct{}), resume: make(chan struct{})}
	first := s.Changes().Rows()
	var reading sync.WaitGroup
	reading.Go(func() {
		defer first.Close()
		if err := first.Copy(slow); err != nil {
			t.Error(err)
		}
	})
	<-slow.begun
	apply(t, s, &Deregister{Node: "n1"})
	for range 4 {
		r := s.Changes().Rows()
		reading.Go(func() {
			defer r.Close()
			var b bytes.Buffer
			if err := r.Copy(&b); err != nil || !bytes.Equal(b.Bytes(), want) || r != first {
				t.Errorf("%d bytes, %v, shared %v", b.Len(), err, r == first)
			}
		})
	}
	// Too old for those who come now: the steps behind these rows are about to go.
	s.Changes().limit(10, maxChangeBytes)
	for range 5 {
		apply(t, s, &Deregister{Node: "n2"})
	}
	late := s.Changes().Rows()
	var b bytes.Buffer
	if err := late.Copy(&b); err != nil || late == first || !bytes.Equal(b.Bytes(), discovery(t, s.Snapshot())) {
		t.Errorf("late: %v, shared %v", err, late == first)
	}
	late.Close()
	close(slow.resume)
	reading.Wait()
	if !bytes.Equal(slow.Bytes(), want) {
		t.Error("the slow one read other rows")
	}
	if r := s.Changes().Rows(); r == late || r == first {
		t.Error("rows that everybody left were kept")
	} else {
		r.Close()
		if err := r.Copy(&b); !errors.Is(err, errNobodyReads) {
			t.Errorf("closed rows: %v", err)
		}
	}
}
