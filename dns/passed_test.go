package dns_test

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"muster/dns"
	"muster/dns/dnstest"
)

// socketPair opens the sockets of one address as a service manager does, and returns them as files of a name.
func socketPair(t *testing.T, host, name string) (netip.AddrPort, []*os.File) {
	t.Helper()
	for range 10 {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addr := l.Addr().(*net.TCPAddr).AddrPort()
		c, err := net.ListenPacket("udp", addr.String())
		if err != nil {
			continue // somebody else's
		}
		defer c.Close()
		var files []*os.File
		for _, has := range []interface{ File() (*os.File, error) }{l.(*net.TCPListener), c.(*net.UDPConn)} {
			f, err := has.File()
			if err != nil {
				t.Fatal(err)
			}
			fd, err := syscall.Dup(int(f.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close() // another descriptor, whose name cannot be chosen
			named := os.NewFile(uintptr(fd), name)
			t.Cleanup(func() { _ = named.Close() })
			files = append(files, named)
		}
		return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), files
	}
	t.Fatal("no port is free over UDP and TCP")
	return netip.AddrPort{}, nil
}

func serverOn(t *testing.T, listen []string, files []*os.File) (*dns.Server, string, error) {
	t.Helper()
	var log bytes.Buffer
	cfg, d := dns.DefaultConfig(), deps()
	cfg.Addrs, cfg.NSID = listen, "me"
	d.Sockets, d.Logger = files, slog.New(slog.NewTextHandler(&log, nil))
	s, err := dns.New(cfg, live{dnstest.Catalog(t, watchedWorld)}, d)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, log.String(), err
}

// TestPassedSockets answers on sockets that somebody else bound.
func TestPassedSockets(t *testing.T) {
	for name, c := range map[string]struct {
		host, socket string
		configured   bool // the address is one of the server's own
	}{
		"of an address of the server": {host: "127.0.0.1", socket: "any", configured: true},
		"by name":                     {host: "127.0.0.1", socket: dns.SocketName},
		"of all addresses":            {host: "0.0.0.0", socket: dns.SocketName},
	} {
		t.Run(name, func(t *testing.T) {
			addr, files := socketPair(t, c.host, c.socket)
			listen := []string{"127.0.0.1:0"}
			if c.configured {
				listen = []string{addr.String()}
			}
			s, log, err := serverOn(t, listen, files)
			if err != nil || log != "" {
				t.Fatalf("%v, logged %s", err, log)
			}
			for _, f := range files {
				_ = f.Close() // the server has its own by now
			}
			addrs := s.Addrs()
			if c.configured && len(addrs) != 1 || addrs[len(addrs)-1] != addr {
				t.Fatalf("bound to %v, want %s among them", addrs, addr)
			}
			s.Start()
			for _, a := range addrs {
				if a.Addr().IsUnspecified() {
					a = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), a.Port())
				}
				burst(t, a)
				r, err := dns.Query(t.Context(), a.String(), "web.service.consul", "A", dns.ClientOptions{TCP: true})
				if err != nil || len(r.Answer) != 1 {
					t.Errorf("over TCP %v, %v", r, err)
				}
			}
		})
	}
}

// TestPassedSocketsOutlive: what waits in a socket while nobody serves it is answered by the next server.
func TestPassedSocketsOutlive(t *testing.T) {
	addr, files := socketPair(t, "127.0.0.1", dns.SocketName)
	for range 2 {
		s, _, err := serverOn(t, nil, files)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		burst(t, addr)
		_ = s.Close()
	}
}

func TestPassedSocketsRefused(t *testing.T) {
	_, files := socketPair(t, "127.0.0.1", dns.SocketName)
	_, twin := socketPair(t, "127.0.0.1", "web")
	for name, c := range map[string]struct {
		files  []*os.File
		err    string
		logged string
	}{
		"UDP is missing":     {files: files[:1], err: "only a socket for TCP was passed"},
		"TCP is missing":     {files: files[1:], err: "only a socket for UDP was passed"},
		"TCP is there twice": {files: []*os.File{files[0], files[1], files[0]}, err: "over TCP is there twice"},
		"no socket":          {files: []*os.File{os.Stdin}, err: `socket "/dev/stdin" that was passed`},
		"not asked for":      {files: twin, logged: "a socket that was passed is not used"},
	} {
		t.Run(name, func(t *testing.T) {
			_, log, err := serverOn(t, []string{"127.0.0.1:0"}, c.files)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || !strings.Contains(log, c.logged) {
				t.Errorf("%v, logged %s; want %q, %q", err, log, c.err, c.logged)
			}
		})
	}
}
