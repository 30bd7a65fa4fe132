package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is the real binary, made by the first test that needs it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// binary returns the path of the real binary.
func binary(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "muster-test-"); built.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", built.dir, "muster/cmd/muster").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatalf("build: %v", built.err)
	}
	return filepath.Join(built.dir, "muster")
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// process is the real binary, running as an agent on ports of the kernel's choice.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	http string // host:port
	dns  string
	gone chan struct{} // closed when the process has ended

	mu  sync.Mutex
	log strings.Builder
}

// startProcess runs `muster agent` with args and waits until it listens.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	args = append([]string{"agent", "-log-json", "-http-port", "0", "-dns-port", "0", "-server-port", "0"}, args...)
	p := &process{t: t, cmd: exec.Command(binary(t), args...), gone: make(chan struct{})}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	up := make(chan struct{})
	go p.follow(stdout, up)
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.gone
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Logf("log of %v:\n%s", p.cmd.Args, p.log.String())
		}
	})
	select {
	case <-up:
	case <-p.gone:
		t.Fatal("the agent ended at start")
	case <-time.After(20 * time.Second):
		t.Fatal("the agent did not come up within 20 s")
	}
	return p
}

// follow reads the log, picks the addresses out of it, and reaps the process at its end.
func (p *process) follow(out io.Reader, up chan struct{}) {
	defer close(p.gone)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var line struct{ Msg, Protocol, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			continue
		}
		switch line.Protocol {
		case "dns":
			p.dns = line.Addr
		case "http":
			p.http = line.Addr
		}
		if p.dns != "" && p.http != "" && up != nil {
			close(up)
			up = nil
		}
	}
	_ = p.cmd.Wait() // the exit code is in ProcessState
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// stop sends a signal and waits for the end; it returns the exit code, -1 for a kill.
func (p *process) stop(s syscall.Signal) int {
	p.t.Helper()
	p.signal(s)
	select {
	case <-p.gone:
	case <-time.After(15 * time.Second):
		p.t.Fatal("the agent is still there 15 s after the signal")
	}
	return p.cmd.ProcessState.ExitCode()
}

// get returns status and body of a GET, or status 0 while nothing answers.
func (p *process) get(path string) (int, string) {
	resp, err := http.Get("http://" + p.http + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// eventually polls until ok says yes, within ten seconds.
func eventually(t *testing.T, what string, ok func() (bool, string)) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		done, state := ok()
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still %s", what, state)
		}
		<-time.After(10 * time.Millisecond)
	}
}
