//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
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
	log  *bytes.Buffer // what it says; read once it has ended
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

func startEcho(o options, _ string, _ names.Set) (*server, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	return launch(o, &server{name: "echo", port: ports[0]}, nil, o.echo, strconv.Itoa(ports[0]))
}

// startMuster starts a server with its state on disk, as in production, and one worker.
func startMuster(o options, dir string, _ names.Set) (*server, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	s := &server{name: "muster", port: ports[0], http: ports[1]}
	return launch(o, s, []string{"GOMAXPROCS=1"}, o.muster, "agent", "-server", "-bootstrap-expect", "1",
		"-node", "bench", "-bind", "127.0.0.1", "-data-dir", dir, "-log-level", "warn",
		"-dns-port", strconv.Itoa(ports[0]), "-http-port", strconv.Itoa(ports[1]), "-server-port", strconv.Itoa(ports[2]))
}

func startKnot(o options, dir string, set names.Set) (*server, error) {
	conf, port, err := configure(dir, set, knotConf)
	if err != nil {
		return nil, err
	}
	return launch(o, &server{name: "knot", port: port}, nil, "knotd", "-c", conf)
}

func startNSD(o options, dir string, set names.Set) (*server, error) {
	conf, port, err := configure(dir, set, nsdConf)
	if err != nil {
		return nil, err
	}
	return launch(o, &server{name: "nsd", port: port}, nil, "nsd", "-d", "-c", conf)
}

// configure writes the zone and the configuration of a zone server.
func configure(dir string, set names.Set, conf func(dir, zone string, port int) []string) (path string, port int, err error) {
	ports, err := freePorts(1)
	if err != nil {
		return "", 0, err
	}
	zone, err := write(dir, names.Domain+".zone", zoneFile(set))
	if err != nil {
		return "", 0, err
	}
	path, err = write(dir, "server.conf", conf(dir, zone, ports[0]))
	return path, ports[0], err
}

// launch starts a program on the servers' core. It dies with this program.
func launch(o options, s *server, env []string, program string, args ...string) (*server, error) {
	s.log, s.gone = &bytes.Buffer{}, make(chan struct{})
	s.cmd = exec.Command("taskset", append([]string{"-c", o.core, program}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
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
			return fmt.Errorf("%s ended: %s", s.name, s.log)
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

// freePorts returns ports that nobody listens on, by UDP or TCP.
func freePorts(n int) (ports []int, err error) {
	var held []interface{ Close() error }
	defer func() {
		for _, h := range held {
			err = errors.Join(err, h.Close())
		}
	}()
	for len(ports) < n {
		tcp, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		held = append(held, tcp)
		port := tcp.Addr().(*net.TCPAddr).Port
		udp, err := net.ListenPacket("udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue // taken by UDP
		}
		held = append(held, udp)
		ports = append(ports, port)
	}
	return ports, nil
}
