// Package compat drives Consul's own Go client, unmodified, through its documented
// flows against real muster agents: a server that is alone, and a cluster of three
// servers and a client agent. It is a module of its own, so that the daemon does not
// inherit the client.
//
// The environment variable MUSTER names the binary to run; without it one is built.
package compat

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// world is what the tests run against.
type world struct {
	binary string
	dir    string
	net    string // the first three numbers of all addresses
	single *agent
	// servers and client are the cluster.
	servers []*agent
	client  *agent
}

// theWorld is set by TestMain before any test runs.
var theWorld *world

func TestMain(m *testing.M) {
	flag.Parse()
	// Flows wait more than they compute.
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "muster-compat")
	if err != nil {
		return 1, err
	}
	defer func() {
		if code == 0 {
			_ = os.RemoveAll(dir)
		} else {
			fmt.Fprintln(os.Stderr, "compat: the agents' logs are in", dir)
		}
	}()
	w := &world{
		dir: dir, binary: os.Getenv("MUSTER"),
		net: fmt.Sprintf("127.%d.%d", 1+rand.IntN(250), rand.IntN(256)), // other runs on this machine have others
	}
	if w.binary == "" {
		w.binary = filepath.Join(dir, "muster")
		build := exec.Command("go", "build", "-o", w.binary, "./cmd/muster")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("build muster: %w\n%s", err, out)
		}
	}
	defer w.stop()
	if err := w.start(); err != nil {
		return 1, err
	}
	theWorld = w
	code = m.Run()
	tally.print(os.Stdout)
	return code, nil
}
