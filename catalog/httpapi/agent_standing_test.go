package httpapi

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestAgentStandings(t *testing.T) {
	f, a := newAgentFixture(t)
	now := time.Now()
	next := now.Add(30 * time.Second)
	a.set(nil, []*catalog.Check{
		{ID: "gone", Status: catalog.Passing}, // deregistered while the list is made
		{ID: "plain", Name: "disk", Type: "script", Interval: "1m0s", Status: catalog.Passing},
		{ID: "web", Name: "web's", Type: "http", Interval: "10s", ServiceID: "web1", ServiceName: "web", Status: catalog.Passing, Notes: "n"},
	})
	a.standings = map[string]catalog.Standing{
		"plain": {Status: catalog.Passing, Since: now.Add(-2 * time.Hour), OrBefore: true},
		"web": {Status: catalog.Critical, Output: "refused", Since: now.Add(-90 * time.Second), Transitions: []catalog.Transition{
			{At: now.Add(-61 * time.Minute), From: catalog.Critical, To: catalog.Passing, Reason: "200 OK"},
			{At: now.Add(-59 * time.Minute), From: catalog.Passing, To: catalog.Warning},
			{At: now.Add(-90 * time.Second), From: catalog.Warning, To: catalog.Critical, Reason: "refused"},
		}},
	}
	a.next = map[string]time.Time{"web": next}
	var got []CheckStanding
	if err := json.Unmarshal([]byte(f.get("/v1/agent/checks/standing")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].CheckID != "plain" || got[1].CheckID != "web" {
		t.Fatalf("listed %+v", got)
	}
	p, w := got[0], got[1]
	if p.Status != "passing" || !strings.HasPrefix(p.Age, "2h0m") || !p.OrBefore || p.Next != nil || p.NextIn != "" || p.LastHour != 0 {
		t.Errorf("plain stands at %+v", p)
	}
	if w.Status != "critical" || !strings.HasPrefix(w.Age, "1m3") || w.Output != "refused" || w.Type != "http" || w.Interval != "10s" ||
		w.ServiceID != "web1" || w.ServiceName != "web" || w.Name != "web's" || w.Notes != "n" || w.Next == nil || !w.Next.Equal(next) || w.LastHour != 2 {
		t.Errorf("web stands at %+v", w)
	}
	if in, err := time.ParseDuration(w.NextIn); err != nil || in <= 0 || in > 30*time.Second {
		t.Errorf("next in %q", w.NextIn)
	}
	for filter, want := range map[string]string{
		`Status=="critical"`: `"CheckID":"web"`,
		`ServiceName==web`:   `"CheckID":"web"`,
		`Status=="warning"`:  `[]`,
	} {
		if body := f.get("/v1/agent/checks/standing?filter=" + url.QueryEscape(filter)); !strings.Contains(body, want) || strings.Contains(body, "plain") {
			t.Errorf("%s: %s", filter, body)
		}
	}

	var history []CheckTransition
	if err := json.Unmarshal([]byte(f.get("/v1/agent/check/web/history")), &history); err != nil {
		t.Fatal(err)
	}
	last := CheckTransition{At: history[len(history)-1].At, From: "warning", To: "critical", Reason: "refused"}
	if len(history) != 3 || history[2] != last || !last.At.Equal(now.Add(-90*time.Second)) {
		t.Errorf("history %+v", history)
	}
	a.standings["ext/web"] = catalog.Standing{Status: catalog.Passing, Transitions: []catalog.Transition{{From: catalog.Critical, To: catalog.Passing, Reason: "observed"}}}
	for path, want := range map[string]string{
		"/v1/agent/check/web/history?node=ext":   `"Reason":"observed"`,
		"/v1/agent/check/web/history?node=N1":    `"Reason":"200 OK"`, // this agent's own
		"/v1/agent/check/other/history?node=ext": `does not observe a check with id "other" on node "ext"`,
	} {
		if r := f.do("GET", path, ""); !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if body := f.get("/v1/agent/check/plain/history"); body != "[]" {
		t.Errorf("no history is %q", body)
	}
	if r := f.do("GET", "/v1/agent/check/none/history", ""); r.status != 404 || !strings.Contains(r.body, `no check with id "none"`) {
		t.Errorf("an unknown check: %d %s", r.status, r.body)
	}
	if r := f.do("PUT", "/v1/agent/check/web/history", ""); r.status != 405 {
		t.Errorf("written: %d", r.status)
	}
}

func TestForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 4 * time.Millisecond: "0s", 123456 * time.Microsecond: "120ms",
		9994 * time.Millisecond: "9.99s", 10400 * time.Millisecond: "10s", time.Hour: "1h0m0s",
	} {
		if got := forPeople(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
