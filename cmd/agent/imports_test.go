package agent

import (
	"bufio"
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport lists, for every room, the rooms it may import. A room that is not
// listed does not exist; adding one means giving it a place here.
var mayImport = map[string][]string{
	"cmd/muster":              {"cmd/agent", "cmd/bundle", "cmd/doctor", "probes/child", "cmd/resolver", "cmd/terminal", "cmd/top", "catalog/httpapi", "catalog/archive", "catalog/watch", "consensus/certs"},
	"cmd/agent":               {"*"},
	"dns":                     {"catalog", "metrics"},
	"dns/dnstest":             {"catalog", "dns"},
	"contrib/example/backend": {},
	"contrib/bench/names":     {},
	"contrib/percentile":      {},
	"contrib/replay":          {},
	"contrib/cluster/fleet":   {},
	"contrib/cluster/chaos":   {"contrib/cluster/fleet", "contrib/percentile"},
	"contrib/cluster/lag":     {"contrib/cluster/fleet", "contrib/percentile"},
	"contrib/bench/load":      {"contrib/bench/names"},
	"contrib/bench/drop":      {"contrib/cluster/fleet", "contrib/percentile"},
	"contrib/bench/dns":       {"contrib/bench/names", "contrib/percentile"},
	"probes":                  {"catalog", "metrics", "probes/child"},
	"catalog/httpapi":         {"catalog", "catalog/archive", "catalog/document", "catalog/httpapi/ui", "metrics"},
	"catalog/httpapi/ui":      {},
	"consensus":               {"catalog", "metrics"},
	"consensus/rpc":           {"catalog", "catalog/view", "consensus/transport", "metrics"},
	"consensus/gossip":        {"catalog/durable", "metrics"},
	"consensus/transport":     {},
	"consensus/certs":         {},
	"catalog/local":           {"catalog", "catalog/durable"},
	"catalog/observe":         {"catalog", "metrics"},
	"catalog/archive":         {"catalog", "catalog/durable"},
	"catalog/watch":           {"catalog/durable"},
	"probes/child":            {},
	"cmd/doctor":              {"catalog/archive", "catalog/document", "catalog/httpapi", "cmd/agent", "cmd/resolver", "cmd/terminal", "consensus/certs"},
	"cmd/bundle":              {"catalog/httpapi", "cmd/doctor"},
	"cmd/resolver":            {"catalog/durable", "probes/child"},
	"cmd/terminal":            {},
	"cmd/top":                 {"catalog/httpapi", "cmd/terminal"},
	"catalog/durable":         {},
	"catalog/view":            {"catalog", "catalog/durable", "metrics"},
	"catalog/document":        {},
	"catalog":                 {},
	"metrics":                 {},
}

// soleImporters are libraries that one room keeps to itself.
var soleImporters = map[string]string{
	"github.com/miekg/dns":                "dns",
	"github.com/hashicorp/memberlist":     "consensus/gossip",
	"github.com/hashicorp/serf":           "consensus/gossip",
	"github.com/hashicorp/raft":           "consensus",
	"github.com/prometheus/client_golang": "metrics",
	"github.com/urfave/cli/v2":            "cmd/muster",
	"github.com/schollz/progressbar/v3":   "cmd/muster",
	"charm.land/bubbletea/v2":             "cmd/top",
}

func TestImportOrder(t *testing.T) {
	for room, imports := range roomImports(t) {
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("room %s has no place in the import order", room)
			continue
		}
		for _, imp := range imports {
			if inner, ours := strings.CutPrefix(imp, "muster/"); ours {
				if !slices.Contains(allowed, inner) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s", room, inner)
				}
				if inner == "cmd/muster" {
					t.Errorf("%s imports the main program", room)
				}
			}
			for library, owner := range soleImporters {
				if imp != library && !strings.HasPrefix(imp, library+"/") {
					continue
				}
				if room != owner && !strings.HasPrefix(room, owner+"/") {
					t.Errorf("%s imports %s, which belongs to %s", room, library, owner)
				}
			}
		}
	}
}

// roomImports asks the go command for what each package's product code imports.
func roomImports(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "muster/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	rooms := map[string][]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		rooms[strings.TrimPrefix(fields[0], "muster/")] = fields[1:]
	}
	if len(rooms) < 8 {
		t.Fatalf("go list found only %d rooms", len(rooms))
	}
	return rooms
}
