package transport

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
)

// Who may speak what, by the settings of the server.
func TestWhoMaySpeakWhat(t *testing.T) {
	s := newShop(t)
	peers := []string{"server", "client", "cli", "server-dc2", "wildcard", "stranger", "expired", "nothing", "plain text"}
	for _, tc := range []struct {
		name     string
		settings func(*certs.Config) // nil: TLS is off
		own      string              // the server's certificate
		raft     string              // the peers that may speak it
		rpc      string
	}{
		{"off", nil, "", "plain text", "plain text"},
		{"ready for TLS", func(c *certs.Config) {}, "server",
			"server client cli server-dc2 wildcard stranger expired nothing plain text", "server client cli server-dc2 wildcard stranger expired nothing plain text"},
		{"verify_outgoing and names", func(c *certs.Config) { c.VerifyServerHostname = true }, "server",
			"server client cli server-dc2 wildcard stranger expired nothing plain text", "server client cli server-dc2 wildcard stranger expired nothing plain text"},
		{"verify_incoming", func(c *certs.Config) { c.VerifyIncoming = true }, "server",
			"server client cli server-dc2 wildcard", "server client cli server-dc2 wildcard"},
		{"everything", verifyAll, "server", "server", "server client cli server-dc2 wildcard"},
		{"nothing to show", func(c *certs.Config) { c.VerifyOutgoing = true }, "", "plain text", "plain text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			cfg := Config{}
			if tc.settings != nil {
				cfg.TLS = s.store(tc.own, tc.settings)
			}
			m, _ := start(t, cfg)
			echo(t, m.Layer(ProtoRaft), "r>")
			echo(t, m.Layer(ProtoRPC), "c>")
			for proto, want := range map[byte][2]string{ProtoRaft: {"r>", tc.raft}, ProtoRPC: {"c>", tc.rpc}} {
				for _, peer := range peers {
					var own *tls.Certificate
					if peer != "nothing" && peer != "plain text" {
						pair := s.pair(peer)
						own = &pair
					}
					answer := ""
					if strings.Contains(" "+want[1]+" ", " "+peer+" ") {
						answer = want[0]
					}
					if got := speak(t, m.Addr().String(), own, peer != "plain text", proto); got != answer {
						t.Errorf("%s with protocol %d: answered %q, want %q", peer, proto, got, answer)
					}
				}
			}
		})
	}
}

func TestRefusalsSayWhy(t *testing.T) {
	s := newShop(t)
	for _, tc := range []struct {
		name   string
		tls    TLS
		peer   string // certificate; "" for plain text
		reason string
	}{
		{"plain text", s.store("server", verifyAll), "", "verify_incoming"},
		{"raft of a client", s.store("server", verifyAll), "client", "its certificate is not that of server.dc1.consul, but of client.dc1.consul, localhost"},
		{"another CA", s.store("server", verifyAll), "stranger", "signed by unknown authority"},
		{"expired", s.store("server", verifyAll), "expired", "certificate has expired"},
		{"TLS is off", nil, "server", "not set up here"},
		{"no certificate here", s.store("", nil), "server", "no certificate to show"},
	} {
		m, log := start(t, Config{TLS: tc.tls})
		echo(t, m.Layer(ProtoRaft), "r>")
		var own *tls.Certificate
		if tc.peer != "" {
			pair := s.pair(tc.peer)
			own = &pair
		}
		if got := speak(t, m.Addr().String(), own, tc.peer != "", ProtoRaft); got != "" {
			t.Errorf("%s: answered %q", tc.name, got)
		}
		// A peer may hear of its refusal before the log does.
		for end := time.Now().Add(patience); log.String() == "" && time.Now().Before(end); {
			<-time.After(time.Millisecond)
		}
		if !strings.Contains(log.String(), tc.reason) || !strings.Contains(log.String(), "remote=127.0.0.1:") {
			t.Errorf("%s: log %q has no %q", tc.name, log, tc.reason)
		}
	}
}

// Which servers a dialer takes for what they say they are, by its settings.
func TestWhomToDial(t *testing.T) {
	s := newShop(t)
	outgoing := func(c *certs.Config) { c.VerifyOutgoing = true }
	names := func(c *certs.Config) { c.VerifyServerHostname = true }
	for _, tc := range []struct {
		name     string
		settings func(*certs.Config)
		server   string // its certificate
		dc       string
		want     string // of the error; empty: none
	}{
		{"a server", names, "server", "", ""},
		{"a server, by datacenter", names, "server", "dc1", ""},
		{"a server elsewhere", names, "server-dc2", "dc2", ""},
		{"a server of elsewhere, here", names, "server-dc2", "", "not that of server.dc1.consul, but of server.dc2.consul"},
		{"a server of here, elsewhere", names, "server", "dc2", "not that of server.dc2.consul"},
		{"a client", names, "client", "", "not that of server.dc1.consul"},
		{"a client with a wildcard", names, "wildcard", "", "not that of server.dc1.consul"},
		{"a client, names do not matter", outgoing, "client", "", ""},
		{"one that cannot serve", outgoing, "cli", "", "incompatible key usage"},
		{"of another CA", outgoing, "stranger", "", "signed by unknown authority"},
		{"expired", outgoing, "expired", "", "expired"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, _ := start(t, Config{TLS: fixed{tls: &tls.Config{Certificates: []tls.Certificate{s.pair(tc.server)}}}})
			echo(t, m.Layer(ProtoRPC), "c>")
			d := NewDialer(Config{TLS: s.store("", tc.settings)})
			defer d.Close()
			c, err := d.DialContext(t.Context(), tc.dc, m.Addr().String())
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("%v, want %q", err, tc.want)
			}
			if err == nil {
				defer c.Close()
				if got, err := read(c, 2); got != "c>" {
					t.Errorf("answered %q, %v", got, err)
				}
			}
		})
	}
}

// fixed is a server that shows one certificate, whatever it is worth.
type fixed struct{ tls *tls.Config }

func (f fixed) VerifyIncoming() bool                    { return true }
func (f fixed) VerifyOutgoing() bool                    { return true }
func (f fixed) ServerConfig() *tls.Config               { return f.tls }
func (f fixed) ClientConfig(string) *tls.Config         { return nil }
func (f fixed) AuthorizeRaft(tls.ConnectionState) error { return nil }

// Without verify_outgoing nothing changes on the wire.
func TestDialingInPlainText(t *testing.T) {
	s := newShop(t)
	m, _ := start(t, Config{})
	echo(t, m.Layer(ProtoRPC), "c>")
	d := NewDialer(Config{TLS: s.store("client", nil)})
	defer d.Close()
	c, err := d.Dial(m.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(c, 2); got != "c>" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestServersTalkBehindTLS(t *testing.T) {
	s := newShop(t)
	guard := s.store("server", verifyAll)
	a, _ := start(t, Config{TLS: guard})
	b, _ := start(t, Config{TLS: guard})
	for proto, tag := range map[byte]string{ProtoRaft: "raft:", ProtoRPC: "rpc:"} {
		echo(t, b.Layer(proto), tag)
		c, err := a.Layer(proto).Dial(b.Addr().String(), patience)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "ping")
		if got, err := read(c, len(tag)+4); got != tag+"ping" {
			t.Errorf("%q, %v", got, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// New certificates show on the next connection; those that are open go on.
func TestReloadUnderLiveConnections(t *testing.T) {
	s := newShop(t)
	s.issue("ca", "mine", certs.RoleServer, "dc1", time.Hour)
	guard := s.store("mine", verifyAll)
	m, _ := start(t, Config{TLS: guard})
	echo(t, m.Layer(ProtoRaft), "r>")
	old, err := m.Layer(ProtoRaft).Dial(m.Addr().String(), patience)
	if err != nil {
		t.Fatal(err)
	}
	server, stranger := s.pair("server"), s.pair("stranger")
	// The CA is exchanged: strangers become the servers, and the servers strangers.
	s.authority("ca")
	s.issue("ca", "mine", certs.RoleServer, "dc1", time.Hour)
	s.issue("ca", "newcomer", certs.RoleServer, "dc1", time.Hour)
	newcomer := s.pair("newcomer")
	if got, err := read(old, 2); got != "r>" {
		t.Fatalf("%q, %v", got, err)
	}
	try := func(when string, want map[*tls.Certificate]string) {
		t.Helper()
		for own, answer := range want {
			if got := speak(t, m.Addr().String(), own, true, ProtoRaft); got != answer {
				t.Errorf("%s: answered %q, want %q", when, got, answer)
			}
		}
		io.WriteString(old, "ping")
		if got, err := read(old, 4); got != "ping" {
			t.Errorf("%s: the open connection says %q, %v", when, got, err)
		}
	}
	try("before", map[*tls.Certificate]string{&server: "r>", &newcomer: "", &stranger: ""})
	if err := guard.Reload(); err != nil {
		t.Fatal(err)
	}
	try("after", map[*tls.Certificate]string{&server: "", &newcomer: "r>", &stranger: ""})
	if _, err := m.Layer(ProtoRaft).Dial(m.Addr().String(), patience); err != nil {
		t.Errorf("the port does not pass for a server with itself: %v", err)
	}
}
