package agent

import (
	"errors"
	"fmt"
	"testing"

	"muster/catalog/view"
)

// TestAbroadTellsOfFailuresOnce has views that cannot be opened, which is tried each
// second, and more datacenters than are followed.
func TestAbroadTellsOfFailuresOnce(t *testing.T) {
	broken, told := true, 0
	b := &abroad{
		own: "DC1", views: map[string]*view.View{}, failed: map[string]bool{},
		open: func(dc string) (*view.View, error) {
			if broken {
				return nil, errors.New("the disk is broken")
			}
			return &view.View{}, nil
		},
		fail: func(string, error) { told++ },
	}
	for range 3 {
		for i := range 2 * maxAbroad {
			if b.begin(fmt.Sprintf("dc%d", i)) != nil {
				t.Fatal("opened")
			}
		}
	}
	if told != maxAbroad || len(b.failed) != maxAbroad {
		t.Errorf("told %d times of %d, at most %d are to be followed", told, len(b.failed), maxAbroad)
	}
	broken = false
	if b.begin("dc1") != nil || b.begin("DC2") == nil || b.begin("dc2") != nil {
		t.Error("one is followed when it can be, once; the own one never")
	}
}
