package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"muster/catalog"
)

// coordJSON is a coordinate so many seconds from the middle.
func coordJSON(at float64) string {
	return fmt.Sprintf(`{"Vec":[%v,0,0,0,0,0,0,0],"Error":0.5,"Adjustment":-0.001,"Height":0.01}`, at)
}

// place says where a node is. The answer has no body.
func (f *fixture) place(body string) {
	f.t.Helper()
	if r := f.do("PUT", "/v1/coordinate/update", body); r.status != 200 || r.body != "" {
		f.t.Fatalf("%s: %d %q", body, r.status, r.body)
	}
}

// fourPlaces registers an instance of web on n1 to n4 and says where three of them are.
func fourPlaces(f *fixture) {
	for i := 1; i <= 4; i++ {
		f.put("/v1/catalog/register", fmt.Sprintf(`{"Node": "n%d", "Address": "10.0.0.%d", "Service": {"Service": "web"}, "Check": {"Name": "up", "Status": "passing"}}`, i, i))
	}
	for i, at := range []float64{0, 0.3, -0.1} {
		f.place(fmt.Sprintf(`{"Node": "n%d", "Segment": "", "Coord": %s}`, i+1, coordJSON(at)))
	}
}

func TestCoordinates(t *testing.T) {
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Coordinates = func() []CoordinateDatacenter {
			return []CoordinateDatacenter{{Datacenter: "dc1", AreaID: "wan", Coordinates: []CoordinateEntry{{Node: "n1", Coord: &catalog.Coordinate{Vec: []float64{1}}}}}}
		}
	})
	fourPlaces(f)
	f.place(`{"Node": "unknown", "Coord": ` + coordJSON(1) + `}`)
	entry := func(node string, at float64) string {
		return `{"Node":"` + node + `","Segment":"","Coord":` + coordJSON(at) + `}`
	}
	for path, want := range map[string]string{
		"coordinate/nodes":           list(entry("n1", 0), entry("n2", 0.3), entry("n3", -0.1)),
		"coordinate/nodes?segment=a": `[]`,
		"coordinate/node/N2":         list(entry("n2", 0.3)),
		"coordinate/nodes?stale":     list(entry("n1", 0), entry("n2", 0.3), entry("n3", -0.1)),
		"coordinate/datacenters":     `[{"Datacenter":"dc1","AreaID":"wan","Coordinates":[{"Node":"n1","Segment":"","Coord":{"Vec":[1],"Error":0,"Adjustment":0,"Height":0}}]}]`,
	} {
		expectJSON(t, path, f.get("/v1/"+path), want)
	}
	for _, path := range []string{"coordinate/node/n4", "coordinate/node/none", "coordinate/node/n1?segment=a"} {
		if r := f.do("GET", "/v1/"+path, ""); r.status != 404 || r.body != "" || r.index() == "0" {
			t.Errorf("%s: %d %q, index %s", path, r.status, r.body, r.index())
		}
	}
}

// A read of one coordinate waits for that one alone.
func TestCoordinateBlocks(t *testing.T) {
	f := newFixture(t, nil)
	fourPlaces(f)
	all, one := f.do("GET", "/v1/coordinate/nodes", "").index(), f.do("GET", "/v1/coordinate/node/n1", "").index()
	if all == one {
		t.Fatalf("index %s of all is that of the first", all)
	}
	f.place(`{"Node": "n2", "Coord": ` + coordJSON(7) + `}`)
	if r := f.do("GET", "/v1/coordinate/node/n1?wait=1ms&index="+one, ""); r.index() != one {
		t.Errorf("the index of n1 went from %s to %s with n2", one, r.index())
	}
	if r := f.do("GET", "/v1/coordinate/nodes?index="+all, ""); r.index() == all || !strings.Contains(r.body, "[7,") {
		t.Errorf("after a move: index %s, %s", r.index(), r.body)
	}
}

func TestNear(t *testing.T) {
	f := newFixture(t, func(c *Config, _ *Deps) { c.Node = "N3" })
	fourPlaces(f)
	f.put("/v1/catalog/register", `{"Node": "here", "Address": "127.0.0.1"}`)
	f.place(`{"Node": "here", "Coord": ` + coordJSON(0.2) + `}`)
	for near, want := range map[string]string{
		"":       "n1 n2 n3 n4",
		"n2":     "n2 n1 n3 n4",
		"_agent": "n3 n1 n2 n4",
		"_ip":    "n2 n1 n3 n4",
		"n4":     "n4 n1 n2 n3",
		"gone":   "n1 n2 n3 n4",
	} {
		for _, path := range []string{"catalog/nodes", "catalog/service/web", "health/service/web", "health/state/any"} {
			text, got := f.get("/v1/"+path+"?stale&near="+near), []string{}
			for rest := text; ; {
				_, after, more := strings.Cut(rest, `"Node":"n`)
				if !more {
					break
				}
				if node := "n" + after[:1]; len(got) == 0 || got[len(got)-1] != node {
					got = append(got, node)
				}
				rest = after
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s near %q: %v, want %s", path, near, got, want)
			}
		}
	}
}

// What near means is said by name to whoever answers instead.
func TestNearPassedOn(t *testing.T) {
	f := newFixture(t, func(c *Config, d *Deps) { d.Elsewhere = http.HandlerFunc(told) })
	f.put("/v1/catalog/register", `{"Node": "here", "Address": "127.0.0.1"}`)
	for sent, want := range map[string]string{
		"near=_agent":        "near=n1",
		"near=_ip&pretty=1":  "near=here&pretty=1",
		"near=n7&a":          "near=n7&a",
		"near=_agent&dc=dc2": "dc=dc2",
		"near=n7&dc=dc2":     "near=n7&dc=dc2",
		"near=_agent&dc=DC1": "dc=DC1&near=n1",
	} {
		if r := f.do("GET", "/v1/health/service/web?"+sent, ""); !strings.HasPrefix(r.body, "GET /v1/health/service/web?"+want+" ") {
			t.Errorf("%s: %s, want %s", sent, r.body, want)
		}
	}
}

func TestBadCoordinates(t *testing.T) {
	f := newFixture(t, nil)
	fourPlaces(f)
	before := f.consensus.applied()
	for body, want := range map[string]string{
		`{`: "body:", `{"Node": 7}`: "Node: wants a string", `{}`: "Node: is missing", `{"Node": "n1"}`: "Coord: is missing",
		`{"Node": "n1", "Segment": "a", "Coord": ` + coordJSON(1) + `}`: "Segment: ",
		`{"Node": "n1", "Coord": {"Vec": [1]}}`:                         "Vec has 1 numbers, not 8",
		`{"Node": "n1", "Coord": ` + coordJSON(1e12) + `}`:              "not within 1000 seconds",
		`{"Node": "n1", "Coord": {"Vec": [1e999]}}`:                     "body:",
		`{"Node": "n\u0000", "Coord": ` + coordJSON(1) + `}`:            "Node: contains a control character",
	} {
		if r := f.do("PUT", "/v1/coordinate/update", body); r.status != 400 || !strings.Contains(r.body, want) || strings.Count(strings.TrimSpace(r.body), "\n") > 0 {
			t.Errorf("%s: %d %q, want %q", body, r.status, r.body, want)
		}
	}
	if f.consensus.applied() != before {
		t.Error("a bad coordinate reached the log")
	}
	if r := f.do("POST", "/v1/coordinate/update", "{}"); r.status != 405 {
		t.Errorf("POST: %d", r.status)
	}
}
