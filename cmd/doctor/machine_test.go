package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"muster/cmd/resolver"
)

func listener(network, at string, pid int, program string) resolver.Listener {
	return resolver.Listener{Protocol: network, Addr: netip.MustParseAddrPort(at), User: "root", PID: pid, Program: program}
}

func TestJudgePorts(t *testing.T) {
	s := settings{
		DNSAddrs:    []string{"tcp://127.0.0.1:53", "udp://127.0.0.1:53"},
		HTTPAddrs:   []string{"tcp://127.0.0.1:8500", "unix:///run/muster.sock", "tcp://127.0.0.1:0"},
		RPCBindAddr: "tcp://10.0.0.1:8300", SerfBindAddrLAN: "tcp://10.0.0.1:8301",
	}
	wanted := s.ports()
	own := []resolver.Listener{
		listener("tcp", "127.0.0.1:53", 1, "systemd"), listener("udp", "127.0.0.1:53", 1, "systemd"), listener("tcp", "127.0.0.1:8500", 7, "muster"),
		listener("tcp", "10.0.0.1:8300", 7, "muster"), listener("tcp", "10.0.0.1:8301", 7, "muster"), listener("udp", "10.0.0.1:8301", 7, "muster"),
	}
	hidden := make([]resolver.Listener, len(own))
	for i, l := range own {
		hidden[i] = resolver.Listener{Protocol: l.Protocol, Addr: l.Addr, User: "muster"}
	}
	stolen := append([]resolver.Listener{listener("udp", "0.0.0.0:8301", 9, "consul")}, own[:5]...)
	for _, v := range []verdict{
		{"all its own", judgeServed(wanted, own), "ok 6 ports, all the agent's"},
		{"of another user", judgeServed(wanted, hidden), "ok 6 ports, all the agent's"},
		{"none listens", judgeServed(wanted, own[1:]), "FAIL nobody listens on tcp 127.0.0.1:53 (ports.dns)"},
		{"another does", judgeServed(wanted, stolen), "FAIL consul (pid 9) has udp 10.0.0.1:8301 (ports.serf_lan)"},
		{"free", judgeFree(wanted, nil), "ok 6 ports to listen on, all free"},
		{"taken", judgeFree(wanted, []resolver.Listener{listener("udp", "127.0.0.1:53", 9, "dnsmasq"), listener("tcp", "[::]:8300", 0, "")}),
			"FAIL a process of user root (only root sees which) has tcp 10.0.0.1:8300 (ports.server)\nFAIL dnsmasq (pid 9) has udp 127.0.0.1:53 (ports.dns)"},
	} {
		v.try(t)
	}
}

func TestHolds(t *testing.T) {
	for _, tc := range []struct {
		have, want string
		holds      bool
	}{
		{"127.0.0.1:53", "127.0.0.1:53", true}, {"127.0.0.53:53", "127.0.0.1:53", false}, {"127.0.0.1:54", "127.0.0.1:53", false},
		{"0.0.0.0:53", "127.0.0.1:53", true}, {"0.0.0.0:53", "[::1]:53", false}, {"[::]:53", "127.0.0.1:53", true}, {"[::]:53", "[::1]:53", true},
		{"127.0.0.1:53", "0.0.0.0:53", true}, {"127.0.0.1:53", "[::]:53", true}, {"[::1]:53", "0.0.0.0:53", false},
	} {
		l := listener("tcp", tc.have, 1, "")
		if got := holds(&l, port{"", "tcp", netip.MustParseAddrPort(tc.want)}); got != tc.holds {
			t.Errorf("%s holds %s: %v", tc.have, tc.want, got)
		}
	}
}

func TestClosed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	got := closed(t.Context(), []address{{"a", l.Addr().String()}, {"b", gone.Addr().String()}, {"c", l.Addr().String()}})
	if len(got) != 1 || got[0][0] != 'b' {
		t.Errorf("%q", got)
	}
}

func TestJudgeClock(t *testing.T) {
	at := func(least, most time.Duration) *difference { return &difference{least, most} }
	near := at(-500*time.Millisecond, 500*time.Millisecond)
	for _, v := range []verdict{
		{"well", clockFacts{agent: near, leader: near, synced: syncKept, maxError: 3 * time.Millisecond}.judge(),
			"ok the agent's machine agrees; the leader's machine agrees; kept right to 3ms"},
		{"a little", clockFacts{agent: near, leader: at(200*time.Millisecond, 1200*time.Millisecond)}.judge(),
			"ok the agent's machine agrees; the leader's machine is 200ms ahead of this one"},
		{"off", clockFacts{agent: near, leader: at(-9*time.Second, -8*time.Second)}.judge(), "warn the clock of the leader's machine is 8s behind this one"},
		{"bad", clockFacts{agent: at(time.Hour, time.Hour+time.Second)}.judge(), "FAIL the clock of the agent's machine is 1h0m0s ahead of this one"},
		{"not kept", clockFacts{agent: near, synced: syncLost}.judge(), "warn the agent's machine agrees; nobody keeps the clock of this machine right"},
		{"alone", clockFacts{synced: syncKept, maxError: time.Millisecond}.judge(), "ok kept right to 1ms"},
		{"nothing", clockFacts{}.judge(), "skip neither an agent nor the system tells"},
	} {
		v.try(t)
	}
}

func TestJudgeLookups(t *testing.T) {
	const name, at = "n1.node.dc1.consul.", "127.0.0.1:53"
	one, two := lookup{addresses: []string{"10.0.0.1"}}, lookup{addresses: []string{"10.0.0.2"}}
	none := lookup{err: &net.DNSError{Err: "no such host", IsNotFound: true}}
	broken := lookup{err: &net.DNSError{Err: "timeout", Name: name, Server: at, IsTimeout: true}}
	for _, v := range []verdict{
		{"well", judgeLookups(name, at, one, one), "ok " + name + " is 10.0.0.1, for the machine's resolver as for the agent"},
		{"not forwarded", judgeLookups(name, at, one, none), "warn programs of this machine do not find " + name + "; the agent at " + at + " does"},
		{"no resolver", judgeLookups(name, at, one, broken), "warn the machine's resolver does not answer for " + name + ": timeout"},
		{"another cluster", judgeLookups(name, at, one, two), "FAIL for " + name + " the machine's resolver says 10.0.0.2, the agent 10.0.0.1"},
		{"deaf agent", judgeLookups(name, at, broken, one), "FAIL " + at + " does not answer: timeout"},
		{"not registered", judgeLookups(name, at, none, none), "warn the agent does not know its own name, " + name},
	} {
		v.try(t)
	}
}

func TestJudgeDisk(t *testing.T) {
	syncs := func(each ...time.Duration) []time.Duration { return each }
	const ms, gib = time.Millisecond, 1 << 30
	of := func(f diskFacts) diskFacts {
		f.dir = "/d"
		if f.syncs == nil && f.err == nil && f.syncErr == nil {
			f.syncs = syncs(2*ms, 3*ms, 90*ms)
		}
		return f
	}
	for _, v := range []verdict{
		{"well", of(diskFacts{free: 20 * gib, size: 40 * gib}).judge(), "ok /d has 20 GiB left, a write gets to the disk in 3ms"},
		{"slow", of(diskFacts{free: 20 * gib, size: 40 * gib, syncs: syncs(60*ms, 70*ms, 80*ms)}).judge(), "warn a write takes 70ms to get to the disk"},
		{"stuck", of(diskFacts{free: 20 * gib, size: 40 * gib, syncs: syncs(ms, ms, 2000*ms)}).judge(),
			"FAIL a write took 2s to get to the disk: a server withdraws from the cluster by then"},
		{"filling", of(diskFacts{free: 900 << 20, size: 4 * gib}).judge(), "warn /d has 900 MiB left of 4096 MiB"},
		{"full", of(diskFacts{free: 10 << 20, size: 4 * gib}).judge(), "FAIL /d has 10 MiB left"},
		{"open", of(diskFacts{mode: 0o777}).judge(), "warn others may write to /d (mode 0777) and replace what the agent trusts"},
		{"root once", of(diskFacts{strangers: []string{"/d/raft"}}).judge(), "warn other users own /d/raft"},
		{"new", of(diskFacts{err: fs.ErrNotExist}).judge(), "warn /d does not exist"},
		{"not for us", of(diskFacts{err: fs.ErrPermission}).judge(), "warn /d cannot be looked into"},
		{"not to write", of(diskFacts{syncErr: fs.ErrPermission}).judge(), "warn /d cannot be looked into"},
		{"broken", of(diskFacts{syncErr: errors.New("EIO")}).judge(), "FAIL /d cannot be written to: EIO"},
	} {
		v.try(t)
	}
}

// What is seen of a real directory, which is left as it was.
func TestSeeDisk(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "raft", "wal"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := seeDisk(t.Context(), dir)
	if f.err != nil || f.syncErr != nil || len(f.syncs) != syncWrites || f.size == 0 || len(f.strangers) != 0 {
		t.Errorf("%+v", f)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if f := seeDisk(over, dir); f.syncErr != nil || len(f.syncs) != 0 {
		t.Errorf("when its time is over: %+v", f)
	}
	if f := seeDisk(t.Context(), filepath.Join(dir, strconv.Itoa(1))); !errors.Is(f.err, fs.ErrNotExist) {
		t.Errorf("where there is none: %+v", f)
	}
}

func TestJudgeDescriptors(t *testing.T) {
	for _, v := range []verdict{
		{"well", judgeDescriptors(20, 65536), "ok 20 of 65536 are open"},
		{"few", judgeDescriptors(20, 1024), "warn the agent may open no more than 1024"},
		{"many", judgeDescriptors(60000, 65536), "warn 60000 of 65536 are open"},
		{"all", judgeDescriptors(65530, 65536), "FAIL 65530 of 65536 are open: connections are about to be refused"},
	} {
		v.try(t)
	}
	text := []byte("# HELP a b\nprocess_max_fds 1.048576e+06\nx{pool=\"lan\"} 2\nx{pool=\"wan\"} 3\n")
	for series, want := range map[string]float64{"process_max_fds": 1048576, `x{pool="wan"}`: 3} {
		if got, known := figure(text, series); !known || got != want {
			t.Errorf("%s is %v, %v", series, got, known)
		}
	}
	if _, known := figure(text, "process_max"); known {
		t.Error("a part of a name was taken for it")
	}
}
