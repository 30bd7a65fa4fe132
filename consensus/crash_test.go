package consensus

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog"
)

// crashDir names the variable that turns the test binary into a writer in that directory.
const crashDir = "MUSTER_TEST_CRASH_DIR"

// writeUntilKilled opens a replica in dir and prints each key it has written, once acknowledged.
func writeUntilKilled(dir string) int {
	complain := func(err error) int { fmt.Fprintln(os.Stderr, err); return 1 }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return complain(err)
	}
	r, err := New(Config{
		Dir: dir, ID: nodeID, Address: ln.Addr().String(), Transport: loopback{ln}, Bootstrap: true,
		SnapshotInterval: 20 * time.Millisecond, SnapshotThreshold: 100, TrailingLogs: 50, // so that kills hit snapshots too
	}, catalog.New())
	if err != nil {
		return complain(err)
	}
	if err := r.Start(); err != nil {
		return complain(err)
	}
	<-r.Leading()
	var work sync.WaitGroup
	for w := range 4 {
		work.Go(func() {
			for i := 0; ; i++ {
				k := fmt.Sprintf("%d/%d/%d", os.Getpid(), w, i)
				if _, err := r.Apply(context.Background(), set(k)); err != nil {
					complain(err)
					return
				}
				fmt.Println(k)
			}
		})
	}
	work.Wait()
	return 1
}

func TestKilledUnderLoad(t *testing.T) {
	dir := t.TempDir()
	var acked []string
	for round := range 3 {
		fresh := killWriter(t, dir, 200+300*round)
		acked = append(acked, fresh...)
		r, state := leader(t, config(t, dir))
		expectKeys(t, state, acked...)
		t.Logf("round %d: killed after %d acknowledged writes, all %d of all rounds are there", round, len(fresh), len(acked))
		r.Close()
	}
}

// killWriter runs a writer, kills it with SIGKILL after some acknowledgements,
// and returns all that it had given.
func killWriter(t *testing.T, dir string, after int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	alarm := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer alarm.Stop()
	var acked []string
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line without its end was cut by the kill
		}
		if acked = append(acked, strings.TrimSpace(line)); len(acked) == after {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(acked) < after {
		t.Fatalf("the writer acknowledged %d writes, %d wanted: %s", len(acked), after, stderr.String())
	}
	return acked
}
