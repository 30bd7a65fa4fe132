package consensus

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/fs"
)

// TestLogCutAtItsEnd takes back entries, as a follower does of a deposed leader's,
// and opens the log again.
func TestLogCutAtItsEnd(t *testing.T) {
	type step struct {
		append string // one entry for each letter
		cut    uint64 // entries from here on go
		head   uint64 // entries up to here go
	}
	for _, tc := range []struct {
		name  string
		steps []step
		want  string // of the first entry that is there on
	}{
		{"one entry", []step{{append: "abc"}, {cut: 3}, {append: "D"}}, "abD"},
		{"and nothing after it", []step{{append: "abc"}, {cut: 3}}, "ab"},
		{"everything", []step{{append: "abc"}, {cut: 1}, {append: "DE"}}, "DE"},
		{"twice", []step{{append: "abc"}, {cut: 2}, {append: "DE"}, {cut: 3}, {append: "F"}}, "aDF"},
		{"deeper the second time", []step{{append: "abcd"}, {cut: 4}, {append: "E"}, {cut: 2}, {append: "F"}}, "aF"},
		{"and then at its head", []step{{append: "abcd"}, {cut: 4}, {append: "E"}, {head: 2}}, "cE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			open := func() *stores {
				s, err := openDisk(dir, fs.New(), hclog.NewNullLogger())
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			for _, s := range tc.steps {
				log := open() // every step after a restart
				if err := takeStep(log.logs, s.append, s.cut, s.head); err != nil {
					t.Fatalf("%+v: %v", s, err)
				}
				if err := log.close(); err != nil {
					t.Fatal(err)
				}
			}
			log := open()
			defer log.close()
			if got, err := contents(log.logs); err != nil || got != tc.want {
				t.Errorf("log holds %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

func takeStep(log raft.LogStore, add string, cut, head uint64) error {
	last, err := log.LastIndex()
	if err != nil {
		return err
	}
	if cut > 0 {
		return log.DeleteRange(cut, last)
	}
	if head > 0 {
		return log.DeleteRange(1, head)
	}
	for i := range len(add) {
		last++
		if err := log.StoreLog(&raft.Log{Index: last, Term: 1, Data: []byte(add[i : i+1])}); err != nil {
			return err
		}
	}
	return nil
}

// contents reads the whole log, and finds nothing around it.
func contents(log raft.LogStore) (string, error) {
	first, err1 := log.FirstIndex()
	last, err2 := log.LastIndex()
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	var l raft.Log
	for _, outside := range []uint64{first - 1, last + 1} {
		if err := log.GetLog(outside, &l); !errors.Is(err, raft.ErrLogNotFound) {
			return "", fmt.Errorf("entry %d, outside of the log: %v", outside, err)
		}
	}
	text := ""
	for i := first; i <= last && first > 0; i++ {
		if err := log.GetLog(i, &l); err != nil {
			return text, fmt.Errorf("entry %d: %w", i, err)
		}
		text += string(l.Data)
	}
	return text, nil
}
