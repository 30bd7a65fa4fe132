package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
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

func TestHungHandshakes(t *testing.T) {
	s := newShop(t)
	m, log := start(t, Config{TLS: s.store("server", verifyAll), HandshakeTimeout: time.Second, FirstByteTimeout: time.Hour, MaxPerSource: 30})
	echo(t, m.Layer(ProtoRPC), "c>")
	var hung []net.Conn
	for range 20 {
		hung = append(hung, dial(t, m, ProtoTLS))
	}
	server := s.pair("server")
	if got := speak(t, m.Addr().String(), &server, true, ProtoRPC); got != "c>" {
		t.Errorf("answered %q while others hang", got)
	}
	for _, c := range hung {
		if _, err := read(c, 1); err == nil {
			t.Error("a hung handshake was answered")
		} else if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
			t.Fatal("a hung handshake was not cut off")
		}
	}
	if !strings.Contains(log.String(), "TLS handshake") {
		t.Errorf("log: %s", log)
	}
}

// A place is taken before the handshake, so that handshakes cannot be piled up.
func TestHandshakesCountPerSource(t *testing.T) {
	s := newShop(t)
	m, log := start(t, Config{TLS: s.store("server", verifyAll), HandshakeTimeout: time.Hour, MaxPerSource: 2})
	dial(t, m, ProtoTLS)
	dial(t, m, ProtoTLS)
	if _, err := read(dial(t, m), 1); err == nil {
		t.Error("a third was answered")
	}
	if !strings.Contains(log.String(), "too many from this address") {
		t.Errorf("log: %s", log)
	}
	if err := m.Close(); err != nil { // with two handshakes under way
		t.Error(err)
	}
}

// A server that never shakes hands holds a dialer neither beyond its time nor beyond Close.
func TestDialingTheDead(t *testing.T) {
	s := newShop(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, nobody reads
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	guard := s.store("client", func(c *certs.Config) { c.VerifyOutgoing = true })
	for _, tc := range []struct {
		name string
		cfg  Config
		dial func(*Dialer) error
		want error
	}{
		{"its own bound", Config{HandshakeTimeout: 50 * time.Millisecond}, func(d *Dialer) error { _, err := d.Dial(ln.Addr().String(), 0); return err }, context.DeadlineExceeded},
		{"the caller's bound", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error { _, err := d.Dial(ln.Addr().String(), 50*time.Millisecond); return err }, context.DeadlineExceeded},
		{"the caller's end", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := d.DialContext(ctx, "", ln.Addr().String())
			return err
		}, context.Canceled},
		{"close", Config{HandshakeTimeout: time.Hour}, func(d *Dialer) error {
			time.AfterFunc(50*time.Millisecond, func() { d.Close() })
			_, err := d.Dial(ln.Addr().String(), 0)
			return err
		}, net.ErrClosed},
		{"closed", Config{}, func(d *Dialer) error { d.Close(); _, err := d.Dial(ln.Addr().String(), 0); return err }, net.ErrClosed},
	} {
		tc.cfg.TLS = guard
		d := NewDialer(tc.cfg)
		done := make(chan error, 1)
		go func() { done <- tc.dial(d) }()
		select {
		case err := <-done:
			if !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "dial server 127.0.0.1:") {
				t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
			}
		case <-time.After(patience):
			t.Fatalf("%s: still dialing", tc.name)
		}
		if err := d.Close(); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// Close cuts what was dialed, also when the peer has stopped to read and would
// hold up the farewell of TLS.
func TestDialerCloseEndsConnections(t *testing.T) {
	s := newShop(t)
	guard := s.store("server", verifyAll)
	m, _ := start(t, Config{TLS: guard})
	l := m.Layer(ProtoRPC)
	d := NewDialer(Config{TLS: guard})
	c, err := d.DialContext(t.Context(), "dc1", m.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	served, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	raw := c.(*conn).raw // past TLS, which would remember the failure and skip its farewell
	for _, size := range []int{1 << 16, 1 << 10, 1} { // until not a byte fits any more
		raw.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		for err = nil; err == nil; {
			_, err = raw.Write(make([]byte, size))
		}
	}
	began := time.Now()
	for range 2 {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("closing took %v", took)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	served.SetDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, served); err == nil {
		t.Error("the peer takes a cut for an orderly end")
	}
}
