package compat

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/hashicorp/consul/api"
)

// agent is a running muster process on an address of its own.
type agent struct {
	name    string
	address string
	args    []string
	more    string // further settings, as the text of a config file
	dir     string
	binary  string
	cmd     *exec.Cmd
	exited  chan struct{}
}

// http is where the agent's API is.
func (a *agent) http() string { return a.address + ":8500" }

// startWithin bounds how long agents take to be of use, on a machine that does much else.
const startWithin = 60 * time.Second

// settings of all agents: check states travel at once, script checks may run.
const settings = `{
	"enable_script_checks": true, "check_update_interval": "0s", "leave_on_terminate": false,
	"enable_debug": true,
	"node_meta": {"rack": "r1"}
}`

// start starts all agents and waits until each answers, its cluster complete.
func (w *world) start() error {
	w.single = w.agent("single", 10, "-server", "-bootstrap")
	for i := 1; i <= 3; i++ {
		w.servers = append(w.servers, w.agent("server"+strconv.Itoa(i), i, "-server", "-bootstrap-expect", "3", "-retry-join", w.net+".1"))
	}
	w.client = w.agent("client1", 4, "-retry-join", w.net+".1", "-retry-join", w.net+".2")
	for _, a := range w.all() {
		if err := a.start(); err != nil {
			return err
		}
	}
	for a, nodes := range map[*agent]int{w.single: 1, w.servers[0]: 4, w.servers[1]: 4, w.servers[2]: 4, w.client: 4} {
		if err := a.await(nodes); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) all() []*agent { return append([]*agent{w.single, w.client}, w.servers...) }

func (w *world) agent(name string, number int, args ...string) *agent {
	a := &agent{name: name, address: fmt.Sprintf("%s.%d", w.net, number), dir: filepath.Join(w.dir, name), binary: w.binary}
	a.args = append([]string{
		"agent", "-node", name, "-bind", a.address, "-client", a.address,
		"-data-dir", filepath.Join(a.dir, "data"), "-config-file", filepath.Join(a.dir, "config.json"),
	}, args...)
	return a
}

func (a *agent) start() error {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(a.dir, "config.json"), []byte(settings), 0o600); err != nil {
		return err
	}
	args := a.args
	if a.more != "" {
		file := filepath.Join(a.dir, "more.json")
		if err := os.WriteFile(file, []byte(a.more), 0o600); err != nil {
			return err
		}
		args = append(slices.Clone(args), "-config-file", file)
	}
	log, err := os.OpenFile(filepath.Join(a.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the process has its own
	a.cmd, a.exited = exec.Command(a.binary, args...), make(chan struct{})
	a.cmd.Stdout, a.cmd.Stderr = log, log
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := a.cmd.Start(); err != nil {
		return err
	}
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(a.cmd, a.exited)
	return nil
}

// await waits until an agent knows a leader and sees so many healthy nodes.
func (a *agent) await(nodes int) error {
	c, err := a.newClient(http.DefaultTransport)
	if err != nil {
		return err
	}
	var last error
	for deadline := time.Now().Add(startWithin); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		checks, _, err := c.Health().State(api.HealthPassing, nil)
		if last = err; err == nil && len(checks) == nodes {
			return nil
		}
		select {
		case <-a.exited:
			return errors.New(a.name + " ended by itself; see its log")
		default:
		}
	}
	return fmt.Errorf("%s does not see %d healthy nodes: %w", a.name, nodes, last)
}

func (a *agent) newClient(transport http.RoundTripper) (*api.Client, error) {
	cfg := api.DefaultConfig()
	cfg.Address = a.http()
	cfg.HttpClient = &http.Client{Transport: transport}
	return api.NewClient(cfg)
}

// end sends a signal to an agent and waits for its end.
func (a *agent) end(signal syscall.Signal) {
	if a.cmd == nil || a.cmd.Process == nil {
		return
	}
	_ = a.cmd.Process.Signal(signal)
	select {
	case <-a.exited:
	case <-time.After(startWithin):
		_ = a.cmd.Process.Kill()
		<-a.exited
	}
}

func (w *world) stop() {
	for _, a := range w.all() {
		if a != nil {
			a.end(syscall.SIGKILL)
		}
	}
}
