//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"muster/contrib/bench/names"
)

// server is a DNS server under test: a process group of its own on a core of its own.
type server struct {
	name string
	port int // DNS, on 127.0.0.1
	http int // muster's API; 0: it has none
	cmd  *exec.Cmd
	log  string        // file of what it says
	gone chan struct{} // closed when it has ended
}

// startAll starts every server with a set's names. After an error those that
// were started are in the list all the same.
func startAll(ctx context.Context, o options, set names.Set) ([]*server, error) {
	var all []*server
	for _, start := range []func(options, string, names.Set) (*server, error){startEcho, startMuster, startKnot, startNSD} {
		dir, err := os.MkdirTemp(o.dir, "server-")
		if err != nil {
			return all, err
		}
		s, err := start(o, dir, set)
		if err != nil {
			return all, err
		}
		all = append(all, s)
	}
	for _, s := range all {
		if err := s.awaitReady(ctx); err != nil {
			return all, err
		}
	}
	for _, s := range all {
		if s.http == 0 {
			continue
		}
		if err := fill(ctx, o, s, set); err != nil {
			return all, err
		}
	}
	return all, nil
}

func startEcho(o options, dir string, _ names.Set) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return launch(o, dir, &server{name: "echo", port: port}, nil, o.echo, strconv.Itoa(port))
}

// startMuster starts a server with its state on disk, as in production, and one
// worker. It picks its ports itself and says which: whoever is written to must
// be this very process.
func startMuster(o options, dir string, _ names.Set) (*server, error) {
	s := &server{name: "muster"}
	_, err := launch(o, dir, s, []string{"GOMAXPROCS=1"}, o.muster, "agent", "-server", "-bootstrap-expect", "1",
		"-node", "bench", "-bind", "127.0.0.1", "-data-dir", filepath.Join(dir, "data"), "-log-level", "info",
		"-dns-port", "0", "-http-port", "0", "-server-port", "0")
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); s.port == 0 || s.http == 0; {
		select {
		case <-s.gone:
			return nil, fmt.Errorf("muster ended: %s", s.said())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.stop()
			return nil, fmt.Errorf("muster does not say where it listens: %s", s.said())
		}
		s.port, s.http = listening(s.said(), "dns"), listening(s.said(), "http")
	}
	return s, nil
}

// listening finds the port of a protocol in muster's log; 0: it is not there (yet).
func listening(log, protocol string) int {
	_, after, _ := strings.Cut(log, "listening protocol="+protocol+" addr=127.0.0.1:")
	digits, _, whole := strings.Cut(after, "\n")
	port, err := strconv.Atoi(digits)
	if err != nil || !whole {
		return 0
	}
	return port
}

func startKnot(o options, dir string, set names.Set) (*server, error) {
	conf, port, err := configure(dir, set, knotConf)
	if err != nil {
		return nil, err
	}
	return launch(o, dir, &server{name: "knot", port: port}, nil, "knotd", "-c", conf)
}

func startNSD(o options, dir string, set names.Set) (*server, error) {
	conf, port, err := configure(dir, set, nsdConf)
	if err != nil {
		return nil, err
	}
	return launch(o, dir, &server{name: "nsd", port: port}, nil, "nsd", "-d", "-c", conf)
}

// configure writes the zone and the configuration of a zone server.
func configure(dir string, set names.Set, conf func(dir, zone string, port int) []string) (path string, port int, err error) {
	if port, err = freePort(); err != nil {
		return "", 0, err
	}
	zone, err := write(dir, names.Domain+".zone", zoneFile(set))
	if err != nil {
		return "", 0, err
	}
	path, err = write(dir, "server.conf", conf(dir, zone, port))
	return path, port, err
}

// launch starts a program on the servers' core. It dies with this program.
func launch(o options, dir string, s *server, env []string, program string, args ...string) (*server, error) {
	s.log, s.gone = filepath.Join(dir, "log"), make(chan struct{})
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the program has its own descriptor
	s.cmd = exec.Command("taskset", append([]string{"-c", o.core, program}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	go func() {
		defer close(s.gone)
		_ = s.cmd.Wait() // how it ended is of interest only before it should have
	}()
	return s, nil
}

// said returns what the server wrote to its log.
func (s *server) said() string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *server) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// awaitReady returns once the server answers.
func (s *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if got, err := ask(s.addr(), names.Domain, "SOA"); err == nil && (s.name == "echo" || got.rcode == "NOERROR") {
			return nil
		}
		select {
		case <-s.gone:
			return fmt.Errorf("%s ended: %s", s.name, s.said())
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", s.name, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the server's whole group and waits for its first process.
func (s *server) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM) // gone already is fine
	select {
	case <-s.gone:
	case <-time.After(15 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.gone
	}
}

// fill registers a set over the server's HTTP API.
func fill(ctx context.Context, o options, s *server, set names.Set) error {
	cmd := exec.CommandContext(ctx, o.load, append([]string{"register"}, setFlags(s, set)...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("register %d instances: %w: %s", set.Len(), err, out)
	}
	return nil
}

func setFlags(s *server, set names.Set) []string {
	return []string{
		"-http", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.http)),
		"-services", strconv.Itoa(set.Services), "-each", strconv.Itoa(set.Each), "-nodes", strconv.Itoa(set.Nodes),
	}
}

// freePort returns a port that nobody listens on, by UDP or TCP. Somebody may take
// it at once; the server then does not start. Nothing is ever written to such a port.
func freePort() (int, error) {
	for range 100 {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := tcp.Addr().(*net.TCPAddr).Port
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		if err != nil {
			tcp.Close() // taken by UDP; try the next
			continue
		}
		return port, errors.Join(udp.Close(), tcp.Close())
	}
	return 0, errors.New("found no port that is free by both UDP and TCP")
}
