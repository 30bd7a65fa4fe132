package top

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog/httpapi"
)

const metricsOfOnce = `muster_raft_term 3
muster_raft_last_index 90
muster_catalog_index 88
muster_catalog_behind_entries 2
muster_catalog_behind_seconds 0.5
muster_gossip_members{pool="lan",status="alive"} 4
muster_dns_queries_total{path="hit",rcode="NOERROR",type="A"} 80
muster_dns_query_duration_seconds_bucket{le="+Inf"} 80
`

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &fakeAgent{metrics: metricsOfOnce, nodes: []httpapi.NodeInfo{{
			Node:     "n1",
			Services: []*httpapi.NodeService{{ID: "a", Service: "a-very-long-name-of-a-service-that-is-not-cut-off\x1b[2J"}, {ID: "b", Service: "b"}},
			Checks:   []*httpapi.HealthCheck{{Node: "n1", CheckID: "c", ServiceID: "b", Status: "critical"}},
		}}}
		start := time.Now()
		m, err := Once(t.Context(), a, 8*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("took %v", took)
		}
		var text strings.Builder
		m.Print(&text)
		want := `
web1, client in dc1, 1.2.3
leader s1, term 3, last index 90  1 server, 1 voter  members: 4 alive, 0 failed
catalog at 88, 0 s old, 2 entries behind
DNS 0.0/s

SERVICE                                                PASS  WARN  CRIT
b                                                         0     0     1
a-very-long-name-of-a-service-that-is-not-cut-off [2J     1     0     0
`
		if got := "\n" + text.String(); got != want {
			t.Errorf("printed:\n%s", got)
		}
		out, err := json.Marshal(m.Report())
		wantJSON := `{"Agent":{"Node":"web1","Datacenter":"dc1","Version":"1.2.3","Server":false,"Leader":"s1","LeaderAddress":"10.0.0.1:8300",` +
			`"Term":3,"LastIndex":90,"Servers":1,"Voters":1,"Alive":4,"Failed":0,"CatalogIndex":88,"CatalogAge":0.5,"CatalogBehind":2},` +
			`"DNS":{"Seconds":8,"Queries":0,"ByRcode":{"NOERROR":0},"Cached":null,"P50":null,"P99":null},` +
			`"Services":[{"Name":"b","Passing":0,"Warning":0,"Critical":1},{"Name":"a-very-long-name-of-a-service-that-is-not-cut-off\u001b[2J","Passing":1,"Warning":0,"Critical":0}]}`
		if err != nil || string(out) != wantJSON {
			t.Errorf("%s, %v", out, err)
		}
	})
}

func TestOnceOfNobody(t *testing.T) {
	refused := errors.New("refused")
	if _, err := Once(t.Context(), &fakeAgent{err: refused}, time.Millisecond); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}
