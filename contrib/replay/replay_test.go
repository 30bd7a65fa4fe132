//go:build linux

package replay

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"muster/contrib/cluster/fleet"
)

// reads are commands that change nothing, or nothing more when repeated. So they are repeated until they print what the page has,
// because probes, gossip and elections take their time.
var reads = regexp.MustCompile(`^(dig |for name in |curl -N |curl -s '?http|muster (why|query|members|info|checks|kv (get|put)|catalog|rtt|watch|operator (raft list-peers|autopilot health))\b)`)

// TestReplay runs the transcripts of all pages.
func TestReplay(t *testing.T) {
	for _, tool := range []string{"dig", "curl", "jq", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed", tool)
		}
	}
	muster := os.Getenv("MUSTER") // a program to run in place of one built from this tree
	if muster == "" {
		muster = filepath.Join(t.TempDir(), "muster")
		if out, err := exec.Command("go", "build", "-o", muster, "muster/cmd/muster").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	muster, err := filepath.Abs(muster)
	if err != nil {
		t.Fatal(err)
	}
	list := pages(t)
	config := clusterConfig(t, list[0])
	for _, page := range list {
		t.Run(filepath.Base(page), func(t *testing.T) {
			stages := map[string]*stage{}
			for _, b := range read(t, page) {
				if !b.marked || b.setting == "no" {
					continue
				}
				s := stages[b.setting]
				if s != nil && b.anew {
					s.close()
				}
				if s == nil || b.anew {
					given := "{}"
					if b.setting == "cluster" {
						given = config
					}
					s = newStage(t, b.setting, muster, given)
					stages[b.setting] = s
				}
				s.replay(b)
			}
		})
	}
}

// clusterConfig is the file that the README has people put on every host.
func clusterConfig(t *testing.T, readme string) string {
	t.Helper()
	for _, b := range read(t, readme) {
		if b.setting == "cluster" && b.file == "/etc/muster.d/muster.json" {
			return strings.Join(b.lines, "\n")
		}
	}
	t.Fatal("the README does not say what stands in muster.json")
	return ""
}

// replay does what stands before a block, then the block.
func (s *stage) replay(b block) {
	s.t.Helper()
	for _, step := range b.steps {
		s.step(step)
	}
	if b.file != "" {
		name := b.host
		if name == "" {
			name = s.first
		}
		if s.hosts[name] == nil {
			s.t.Fatalf("%s: there is no host %q", b.at(), name)
		}
		s.write(s.hosts[name], b.file, strings.Join(b.lines, "\n"))
		return
	}
	list, err := commands(b.lines)
	if err != nil {
		s.t.Errorf("%s: %v", b.at(), err)
	}
	for _, c := range list {
		got := ""
		try := func(context.Context) (err error) {
			if got, err = s.run(c); agrees(c, got) {
				return nil
			}
			return errors.Join(errors.New("it prints otherwise"), err)
		}
		err := try(s.t.Context())
		if err != nil && reads.MatchString(c.text) {
			err = fleet.Await(s.t.Context(), try)
		}
		if err != nil {
			s.t.Errorf("%s: %v\n%s$ %s\n%swant\n%s", b.at(), err, c.host, c.text, got, strings.Join(c.want, "\n"))
		}
	}
}
