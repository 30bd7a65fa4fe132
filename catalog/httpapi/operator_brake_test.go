package httpapi

import (
	"context"
	"strconv"
	"strings"
	"testing"
)

// braked is a fixture whose service "web" is braked.
func braked(t *testing.T) *fixture {
	f, _ := newOperatorFixture(t)
	for _, n := range []string{"n1", "n2", "n3"} {
		f.put("/v1/catalog/register", `{"Node":"`+n+`","Address":"10.0.0.1","Service":{"Service":"web","Guard":{"BrakePercent":50}},
			"Check":{"CheckID":"up","ServiceID":"web","Status":"passing"}}`)
	}
	for _, n := range []string{"n1", "n2"} {
		f.put("/v1/catalog/register", `{"Node":"`+n+`","SkipNodeUpdate":true,"Check":{"CheckID":"up","ServiceID":"web","Status":"critical"}}`)
	}
	return f
}

func TestBrakes(t *testing.T) {
	f := braked(t)
	const list = "/v1/operator/brakes"
	index := f.state.Applied()
	expectJSON(t, list, f.get(list), `[{"Service":"web","Index":`+strconv.FormatUint(index, 10)+`,"Percent":50,"Failed":2,"Of":3,"Lifted":false}]`)
	for path, want := range map[string]int{
		"/v1/operator/brake/lift": 400, "/v1/operator/brake/lift?service=db": 404, "/v1/operator/brake/lift?service=Web": 200,
	} {
		if r := f.do("PUT", path, ""); r.status != want {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if got := f.get(list); !strings.Contains(got, `"Lifted":true`) {
		t.Error(got)
	}
	if b, mark := f.state.Snapshot().Brakes(); len(b) != 1 || mark.Index <= index {
		t.Errorf("%d brakes, index %d after %d", len(b), mark.Index, index)
	}
	f.put("/v1/catalog/deregister", `{"Node":"n1"}`)
	f.put("/v1/catalog/deregister", `{"Node":"n2"}`)
	if got := f.get(list); strings.TrimSpace(got) != "[]" {
		t.Error(got)
	}
}

func TestClientLiftsBrakes(t *testing.T) {
	f := braked(t)
	c := f.ownClient()
	if err := c.LiftBrake(context.Background(), "web", ""); err != nil {
		t.Fatal(err)
	}
	b, err := c.Brakes(context.Background(), ClientQuery{})
	if err != nil || len(b) != 1 || !b[0].Lifted || b[0].Of != 3 {
		t.Errorf("%+v (%v)", b, err)
	}
	if err := c.LiftBrake(context.Background(), "none", ""); err == nil || !strings.Contains(err.Error(), `service "none" is not braked`) {
		t.Error(err)
	}
}
