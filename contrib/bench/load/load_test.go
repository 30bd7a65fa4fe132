package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/contrib/bench/names"
)

// api records the registrations it is sent.
type api struct {
	mu   sync.Mutex
	got  []registration
	fail int // answer with this status, if set
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var reg registration
	if err != nil || json.Unmarshal(body, &reg) != nil || r.Method != http.MethodPut || r.URL.Path != "/v1/catalog/register" {
		http.Error(w, "not a registration", http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = append(a.got, reg)
	if a.fail != 0 {
		http.Error(w, "no room", a.fail)
		return
	}
	io.WriteString(w, "true\n")
}

func serve(t *testing.T, a *api) string {
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

var set = names.Set{Services: 10, Each: 3, Nodes: 4}

func TestRegisterSendsEveryInstanceOnce(t *testing.T) {
	a := &api{}
	done, err := register(options{set: set, http: serve(t, a), clients: 4})
	if err != nil || done != set.Len() {
		t.Fatalf("registered %d, %v", done, err)
	}
	seen := map[string]bool{}
	for _, r := range a.got {
		if r.Service == nil || r.Check == nil || r.Node == "" || r.Address == "" || r.Check.ServiceID != r.Service.ID {
			t.Fatalf("incomplete registration %+v", r)
		}
		seen[r.Service.ID] = true
	}
	if len(seen) != set.Len() {
		t.Errorf("%d distinct instances, want %d", len(seen), set.Len())
	}
}

func TestRegisterTellsWhyItFailed(t *testing.T) {
	a := &api{fail: http.StatusServiceUnavailable}
	if _, err := register(options{set: set, http: serve(t, a), clients: 2}); err == nil || !strings.Contains(err.Error(), "503 Service Unavailable: no room") {
		t.Errorf("error %v", err)
	}
}

func TestChurnChangesEachTimeAndLeavesAllPassing(t *testing.T) {
	a := &api{}
	done, err := churn(options{set: set, http: serve(t, a), clients: 3, rate: 1000, period: 50 * time.Millisecond})
	if err != nil || done == 0 || done != len(a.got) {
		t.Fatalf("%d changes, %d received, %v", done, len(a.got), err)
	}
	status := map[string]string{}
	for _, r := range a.got {
		id, was := r.Check.ServiceID, "passing"
		if s, known := status[id]; known {
			was = s
		}
		if r.Check.Status == was {
			t.Fatalf("%s is told to be %s, which it was", id, was)
		}
		status[id] = r.Check.Status
	}
	for id, s := range status {
		if s != "passing" {
			t.Errorf("%s is left %s", id, s)
		}
	}
}

func TestChangesReachEveryService(t *testing.T) {
	touched := map[string]int{}
	for worker := range 3 {
		for n := range 8 {
			touched[change(set, worker, 3, n).Check.ServiceID]++
		}
	}
	if len(touched) != set.Services {
		t.Errorf("touched %d services: %v", len(touched), touched)
	}
}
