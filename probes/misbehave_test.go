package probes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"muster/catalog"
)

// issue makes a certificate for a name that signs itself, and a file with it for those who are to trust it.
func issue(t *testing.T, name string, until time.Time) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plan := x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &plan, &plan, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pemFile(t, "CERTIFICATE", der)
}

// shakes serves a TLS handshake, and then answers nothing until the other side hangs up.
func shakes(cfg *tls.Config) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		_, _ = io.Copy(io.Discard, tls.Server(c, cfg)) // the prober may not like it
	}
}

// TestBadTLS has every kind that speaks TLS meet the same peers.
func TestBadTLS(t *testing.T) {
	later, before := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	good, trusted := issue(t, "web.example", later)
	old, expired := issue(t, "web.example", before)
	for _, peer := range []struct {
		name    string
		serve   func(*net.TCPConn)
		ca      string
		server  string // name expected
		timeout time.Duration
		want    string
	}{
		{"certificate of another", shakes(&tls.Config{Certificates: []tls.Certificate{good}}), trusted, "db.example", long, "not db.example"},
		{"certificate that has expired", shakes(&tls.Config{Certificates: []tls.Certificate{old}}), expired, "web.example", long, "expired"},
		{"certificate nobody trusts", shakes(&tls.Config{Certificates: []tls.Certificate{good}}), expired, "web.example", long, "certificate"},
		{"version of long ago", shakes(&tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}),
			trusted, "web.example", long, "protocol version"},
		{"handshake never answered", nil, trusted, "web.example", soon, "no answer within 200ms"},
		{"reset", reset, trusted, "web.example", long, ""},
		{"something else", answers("220 mail ESMTP\r\n"), trusted, "web.example", long, ""},
		{"half a handshake", answers("\x16\x03\x03\x40\x00"), trusted, "web.example", long, "EOF"},
	} {
		at := listen(t, peer.serve)
		base := catalog.CheckDefinition{TLSCAFile: peer.ca, TLSServerName: peer.server}
		for kind, probe := range map[string]struct {
			open opener
			def  func(catalog.CheckDefinition) catalog.CheckDefinition
		}{
			"tcp":  {openTCP, func(d catalog.CheckDefinition) catalog.CheckDefinition { d.TCP, d.TCPUseTLS = at, true; return d }},
			"http": {openHTTP, func(d catalog.CheckDefinition) catalog.CheckDefinition { d.HTTP = "https://" + at; return d }},
			"http2": {openHTTP, func(d catalog.CheckDefinition) catalog.CheckDefinition {
				d.HTTP, d.HTTP2 = "https://"+at, true
				return d
			}},
			"grpc": {openGRPC, func(d catalog.CheckDefinition) catalog.CheckDefinition { d.GRPC, d.GRPCUseTLS = at, true; return d }},
		} {
			t.Run(kind+", "+peer.name, func(t *testing.T) {
				res := lookOnce(t, probe.open, probe.def(base), peer.timeout)
				if res.Status != catalog.Critical || !strings.Contains(res.Output, peer.want) {
					t.Errorf("got %s %q, want critical, saying %q", res.Status, res.Output, peer.want)
				}
			})
		}
	}
}

func TestHTTPTargetsThatLie(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", "Content-Length"},
		{"chunks that are none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n", "200 OK, then the body broke off"},
		{"a status that is none", "HTTP/1.1 2000 OK\r\n\r\n", "malformed HTTP status code"},
		{"a status beyond all", "HTTP/1.1 999 Fine\r\nContent-Length: 0\r\n\r\n", "999"},
		{"HTTP/2 unasked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "malformed HTTP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openHTTP, catalog.CheckDefinition{HTTP: "http://" + listen(t, answers(c.text))}, long)
			if res.Status != catalog.Critical || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want critical, saying %q", res.Status, res.Output, c.want)
			}
		})
	}
}

// TestGRPCServersThatLie has servers that speak HTTP/2 well and gRPC badly.
func TestGRPCServersThatLie(t *testing.T) {
	// A message is led by a byte for compression and four for its length.
	message := func(length uint32, body string) string {
		return string(binary.BigEndian.AppendUint32([]byte{0}, length)) + body
	}
	for _, c := range []struct {
		name, kind, body, status string // status: of the trailer; empty: none
		want                     string
	}{
		{"well", "application/grpc", message(2, "\x08\x01"), "0", ""},
		{"a web page", "text/html", "<h1>hello</h1>", "", "text/html"},
		{"no message", "application/grpc", "", "0", "Internal"},
		{"no status", "application/grpc", message(2, "\x08\x01"), "", "Internal"},
		{"a message that is none", "application/grpc", message(3, "\xff\xff\xff"), "0", "Internal"},
		{"half a message", "application/grpc", message(100, "\x08\x01"), "0", "Internal"},
		{"a message of a gigabyte, so it says", "application/grpc", message(1<<30, "\x08\x01"), "0", "ResourceExhausted"},
		{"a message that is huge", "application/grpc", message(1<<20, strings.Repeat("\x00", 1<<20)), "0", "ResourceExhausted"},
		{"a status nobody knows", "application/grpc", message(2, "\x08\x7f"), "0", "127"},
		{"compressed, though nobody asked", "application/grpc", "\x01" + message(2, "\x08\x01")[1:], "0", "Internal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				if c.status != "" {
					w.Header().Set("Trailer", "Grpc-Status")
				}
				_, _ = io.WriteString(w, c.body) // the prober may hang up
				if c.status != "" {
					w.Header().Set("Grpc-Status", c.status)
				}
			}))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.EnableHTTP2 = true
			s.StartTLS()
			defer s.Close()
			def := catalog.CheckDefinition{GRPC: s.Listener.Addr().String(), GRPCUseTLS: true, TLSSkipVerify: true}
			res := lookOnce(t, openGRPC, def, long)
			want := catalog.Critical
			if c.want == "" {
				want = catalog.Passing
			}
			if res.Status != want || !strings.Contains(res.Output, c.want) || len(res.Output) > catalog.MaxCheckOutput {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, want, c.want)
			}
		})
	}
}

func TestDNSServersThatAreHuge(t *testing.T) {
	at := datagrams(t, func(p []byte) []byte {
		m := zone(t, p)
		for range 1000 {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.AResource{},
			})
		}
		return packed(t, m)
	})
	res := lookOnce(t, openDNS, catalog.CheckDefinition{DNS: at, DNSName: "web.example"}, long)
	if res.Status != catalog.Critical || !strings.Contains(res.Output, "no DNS message") {
		t.Errorf("got %s %q", res.Status, res.Output)
	}
}

// TestUDPAnswerOfAnother has somebody else answer, whom the probe must not believe.
func TestUDPAnswerOfAnother(t *testing.T) {
	other, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	target, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	defer func() { target.Close(); <-done }()
	go func() {
		defer close(done)
		for buf := make([]byte, 512); ; {
			_, from, err := target.ReadFrom(buf)
			if err != nil {
				return
			}
			if _, err := other.WriteTo([]byte("pong"), from); err != nil {
				return
			}
		}
	}()
	res := lookOnce(t, openUDP, catalog.CheckDefinition{UDP: target.LocalAddr().String(), Send: "ping", Expect: "pong"}, soon)
	if res.Status != catalog.Critical || !strings.Contains(res.Output, "no answer within 200ms") {
		t.Errorf("got %s %q", res.Status, res.Output)
	}
}
