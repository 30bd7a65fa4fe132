package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/consensus/certs"
	"muster/consensus/transport"
)

// tlsMake runs commands below "muster tls", which must succeed.
func tlsMake(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if _, stderr, code := command(t, "", nil, words("tls "+line)...); code != 0 {
			t.Fatalf("tls %s: exit code %d, stderr %q", line, code, stderr)
		}
	}
}

func TestTLSFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, tc := range []struct {
		args   string
		stdout string // without the dates
		stderr string // a part of it; empty: all of it is empty
		code   int
	}{
		{"cert create -server", "", "make one with \"muster tls ca create\"", 1},
		{"ca create", "==> Saved muster-agent-ca.pem\n==> Saved muster-agent-ca-key.pem\n", "", 0},
		{"ca create", "", "muster-agent-ca.pem or muster-agent-ca-key.pem exists already, and is not written over", 1},
		{"cert create -server", "==> Saved dc1-server-consul-0.pem\n==> Saved dc1-server-consul-0-key.pem\n", "can vote in the cluster", 0},
		{"cert create -server", "==> Saved dc1-server-consul-1.pem\n==> Saved dc1-server-consul-1-key.pem\n", "can vote in the cluster", 0},
		{"cert create -client -dc east", "==> Saved east-client-consul-0.pem\n==> Saved east-client-consul-0-key.pem\n", "", 0},
		{"cert create -cli -days 1", "==> Saved dc1-cli-consul-0.pem\n==> Saved dc1-cli-consul-0-key.pem\n", "", 0},
		{"ca create -domain Example.com. -name-constraint", "==> Saved example.com-agent-ca.pem\n==> Saved example.com-agent-ca-key.pem\n", "", 0},
		{"cert create -client -domain example.com", "==> Saved dc1-client-example.com-0.pem\n==> Saved dc1-client-example.com-0-key.pem\n", "", 0},
		{"cert create -cli -domain x -ca muster-agent-ca.pem -key muster-agent-ca-key.pem", "==> Saved dc1-cli-x-0.pem\n==> Saved dc1-cli-x-0-key.pem\n", "", 0},

		{"cert create -client -domain example.com -additional-dnsname ui.test", "", `DNS name "ui.test" is not permitted`, 1},
		{"cert create -client -additional-dnsname server.dc1.consul", "", "would make a server of a client", 1},
		{"cert create -server -days 4000", "", "outlive its CA", 1},
		{"cert create", "", "one of -server, -client, -cli is missing", 2},
		{"cert create -client -cli", "", "-client and -cli exclude each other", 2},
		{"cert create -cli -days 0", "", "-days 0 is not within 1 and 36500", 2},
		{"cert create -cli -additional-ipaddress ::1%lo", "", `"::1%lo" is no IP address`, 2},
		{"ca create -additional-name-constraint x", "", "needs -name-constraint", 2},
		{"ca create extra", "", `unexpected argument "extra"`, 2},
		{"ca", "", "a command is missing", 2},
	} {
		stdout, stderr, code := command(t, "", nil, words("tls "+tc.args)...)
		var said strings.Builder
		for line := range strings.Lines(stdout) {
			line, _, _ = strings.Cut(strings.TrimSuffix(line, "\n"), " (until ")
			fmt.Fprintln(&said, line)
		}
		if code != tc.code || said.String() != tc.stdout || !strings.Contains(stderr, tc.stderr) || tc.stderr == "" && stderr != "" {
			t.Errorf("tls %s: exit code %d, stdout %q, stderr %q", tc.args, code, stdout, stderr)
		}
	}
	keys, err := filepath.Glob("*-key.pem")
	if err != nil || len(keys) != 8 {
		t.Errorf("%d keys, want 8: %v", len(keys), keys)
	}
	for _, k := range keys {
		if info, err := os.Stat(k); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", k, info.Mode(), err)
		}
	}
}

func TestTLSFilesAsJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	tlsMake(t, "ca create -days 30")
	stdout, stderr, code := command(t, "", nil, words("tls cert create -cli -days 2 -format json")...)
	var got savedFiles
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 || stderr != "" {
		t.Fatalf("%v, exit code %d, stdout %q, stderr %q", err, code, stdout, stderr)
	}
	store, err := certs.New(certs.Config{CAFile: "muster-agent-ca.pem", CertFile: got.Certificate, KeyFile: got.Key})
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(got.Expires); !store.Expiry().Equal(got.Expires) || left > 48*time.Hour || left < 47*time.Hour {
		t.Errorf("said to expire at %v, does at %v", got.Expires, store.Expiry())
	}
}

// What the commands make, lets a cluster verify everything.
func TestTLSFilesWorkTogether(t *testing.T) {
	t.Chdir(t.TempDir())
	tlsMake(t, "ca create", "cert create -server -node n1", "cert create -client", "cert create -server -dc dc2",
		"ca create -domain other", "cert create -server -ca other-agent-ca.pem -key other-agent-ca-key.pem")
	agent := func(base string, server bool) *certs.Store {
		s, err := certs.New(certs.Config{
			CAFile: "muster-agent-ca.pem", CertFile: base + ".pem", KeyFile: base + "-key.pem",
			VerifyIncoming: true, VerifyOutgoing: true, VerifyServerHostname: true,
			Server: server, Datacenter: "dc1", Domain: "consul.",
		})
		if err != nil {
			t.Fatal(err)
		}
		if warnings := s.Warnings(); len(warnings) > 0 && base != "dc1-server-consul-1" {
			t.Errorf("%s: %q", base, warnings)
		}
		return s
	}
	port := func(guard *certs.Store) *transport.Mux {
		m, err := transport.Listen(transport.Config{Addr: "127.0.0.1:0", TLS: guard})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m
	}
	m := port(agent("dc1-server-consul-0", true))
	var work sync.WaitGroup
	defer work.Wait()
	defer m.Close()
	for _, proto := range []byte{transport.ProtoRaft, transport.ProtoRPC} {
		l := m.Layer(proto)
		work.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte("hello"))
				_ = c.Close()
			}
		})
	}
	m.Start()
	for _, tc := range []struct {
		base  string
		proto byte
		want  string
	}{
		{"dc1-server-consul-0", transport.ProtoRaft, "hello"},
		{"dc1-server-consul-0", transport.ProtoRPC, "hello"},
		{"dc1-client-consul-0", transport.ProtoRaft, ""},
		{"dc1-client-consul-0", transport.ProtoRPC, "hello"},
		{"dc2-server-consul-0", transport.ProtoRaft, ""},
		{"dc2-server-consul-0", transport.ProtoRPC, "hello"},
		{"dc1-server-consul-1", transport.ProtoRaft, ""}, // of the other CA
		{"dc1-server-consul-1", transport.ProtoRPC, ""},
	} {
		c, err := port(agent(tc.base, false)).Layer(tc.proto).Dial(m.Addr().String(), 20*time.Second)
		if err != nil {
			t.Errorf("%s, protocol %d: %v", tc.base, tc.proto, err)
			continue
		}
		err = c.SetDeadline(time.Now().Add(20 * time.Second))
		got, readErr := io.ReadAll(c)
		if err = errors.Join(err, c.Close()); err != nil && tc.want != "" {
			t.Error(err)
		}
		if string(got) != tc.want || errors.Is(readErr, os.ErrDeadlineExceeded) {
			t.Errorf("%s, protocol %d: answered %q (%v), want %q", tc.base, tc.proto, got, readErr, tc.want)
		}
	}
}
