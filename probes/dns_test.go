package probes

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"muster/catalog"
)

// zone answers queries as a name server would that knows a few names.
func zone(t *testing.T, packet []byte) *dnsmessage.Message {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil || len(m.Questions) != 1 || !m.RecursionDesired {
		t.Errorf("the query is %v, error %v", m, err)
		return &m
	}
	q := m.Questions[0]
	m.Response = true
	add := func(body dnsmessage.ResourceBody, kind dnsmessage.Type) {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: kind, Class: q.Class}, Body: body})
	}
	name := dnsmessage.MustNewName("Host.Example.")
	switch q.Name.String() + " " + q.Type.String() {
	case "web.example. TypeA":
		add(&dnsmessage.CNAMEResource{CNAME: name}, dnsmessage.TypeCNAME)
		add(&dnsmessage.AResource{A: [4]byte{10, 0, 0, 1}}, dnsmessage.TypeA)
		add(&dnsmessage.AResource{A: [4]byte{10, 0, 0, 2}}, dnsmessage.TypeA)
	case "web.example. TypeAAAA":
		add(&dnsmessage.AAAAResource{AAAA: [16]byte{0xfd, 15: 1}}, dnsmessage.TypeAAAA)
	case "web.example. TypeCNAME":
		add(&dnsmessage.CNAMEResource{CNAME: name}, dnsmessage.TypeCNAME)
	case "web.example. TypeMX":
		add(&dnsmessage.MXResource{Pref: 10, MX: name}, dnsmessage.TypeMX)
	case "web.example. TypeNS":
		add(&dnsmessage.NSResource{NS: name}, dnsmessage.TypeNS)
	case "web.example. TypePTR":
		add(&dnsmessage.PTRResource{PTR: name}, dnsmessage.TypePTR)
	case "web.example. TypeSRV":
		add(&dnsmessage.SRVResource{Priority: 1, Weight: 2, Port: 80, Target: name}, dnsmessage.TypeSRV)
	case "web.example. TypeSOA":
		add(&dnsmessage.SOAResource{NS: name, MBox: name, Serial: 1, Refresh: 2, Retry: 3, Expire: 4, MinTTL: 5}, dnsmessage.TypeSOA)
	case "web.example. TypeTXT":
		add(&dnsmessage.TXTResource{TXT: []string{"v=1 ", "all"}}, dnsmessage.TypeTXT)
	case "empty.example. TypeA":
	case "no.example. TypeA":
		m.RCode = dnsmessage.RCodeNameError
	default:
		m.RCode, m.Questions = dnsmessage.RCodeFormatError, nil
	}
	return &m
}

func packed(t *testing.T, m *dnsmessage.Message) []byte {
	t.Helper()
	packet, err := m.Pack()
	if err != nil {
		t.Error(err)
	}
	return packet
}

func TestDNS(t *testing.T) {
	at := datagrams(t, func(p []byte) []byte { return packed(t, zone(t, p)) })
	ask := func(name, kind, rcode string, records ...string) catalog.CheckDefinition {
		return catalog.CheckDefinition{DNS: at, DNSName: name, DNSType: kind, DNSRcode: rcode, DNSRecords: records}
	}
	for _, c := range []struct {
		def    catalog.CheckDefinition
		status catalog.Status
		want   string // end of the output
	}{
		{ask("web.example", "", ""), catalog.Passing, "DNS web.example. A at " + at + ": NOERROR 10.0.0.1, 10.0.0.2"},
		{ask("web.example.", "a", "noerror", "10.0.0.2"), catalog.Passing, "10.0.0.2"},
		{ask("web.example", "", "", "10.0.0.1", "10.0.0.3"), catalog.Critical, `NOERROR 10.0.0.1, 10.0.0.2; expected "10.0.0.3"`},
		{ask("web.example", "AAAA", "", "FD00::1"), catalog.Passing, "NOERROR fd00::1"},
		{ask("web.example", "CNAME", "", "host.example"), catalog.Passing, "Host.Example."},
		{ask("web.example", "MX", "", "10 host.example."), catalog.Passing, "10 Host.Example."},
		{ask("web.example", "NS", "", "host.example."), catalog.Passing, "Host.Example."},
		{ask("web.example", "PTR", "", "host.example."), catalog.Passing, "Host.Example."},
		{ask("web.example", "SRV", "", "1 2 80 host.example"), catalog.Passing, "1 2 80 Host.Example."},
		{ask("web.example", "SOA", "", "host.example. host.example. 1 2 3 4 5"), catalog.Passing, "1 2 3 4 5"},
		{ask("web.example", "TXT", "", "v=1 all"), catalog.Passing, "v=1 all"},
		{ask("empty.example", "", ""), catalog.Critical, "NOERROR; no record of the type"},
		{ask("empty.example", "", "NOERROR"), catalog.Passing, "NOERROR"},
		{ask("no.example", "", ""), catalog.Critical, "NXDOMAIN; expected NOERROR"},
		{ask("no.example", "", "NXDOMAIN"), catalog.Passing, "NXDOMAIN"},
		{ask("web.example", "", "NXDOMAIN"), catalog.Critical, "expected NXDOMAIN"},
		{ask("other.example", "", ""), catalog.Critical, "FORMERR; expected NOERROR"}, // without a question
	} {
		t.Run(c.def.DNSName+" "+c.def.DNSType+" "+c.def.DNSRcode, func(t *testing.T) {
			res := lookOnce(t, openDNS, c.def, long)
			if res.Status != c.status || !strings.HasSuffix(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, ending in %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

func TestDNSServersThatMisbehave(t *testing.T) {
	changed := func(change func(*dnsmessage.Message)) string {
		return datagrams(t, func(p []byte) []byte {
			m := zone(t, p)
			change(m)
			return packed(t, m)
		})
	}
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, c := range []struct {
		name, at string
		timeout  time.Duration
		want     string
	}{
		{"nobody", gone.LocalAddr().String(), long, "refused"},
		{"silent", datagrams(t, silent), soon, "no answer within 200ms"},
		{"answers another query", changed(func(m *dnsmessage.Message) { m.ID++ }), soon, "no answer within 200ms"},
		{"answers another question", changed(func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("x.") }), soon, "no answer"},
		{"sends the query back", datagrams(t, func(p []byte) []byte { return p }), soon, "no answer within 200ms"},
		{"half a message", datagrams(t, func(p []byte) []byte { return packed(t, zone(t, p))[:30] }), long, "no DNS message"},
		{"a byte", datagrams(t, func([]byte) []byte { return []byte{1} }), soon, "no answer"},
		{"cuts short and takes no TCP", changed(func(m *dnsmessage.Message) { m.Truncated = true }), long, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, openDNS, catalog.CheckDefinition{DNS: c.at, DNSName: "web.example"}, c.timeout)
			if res.Status != catalog.Critical || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want critical, saying %q", res.Status, res.Output, c.want)
			}
		})
	}
}

// TestDNSOverTCP has a server on one port for both that answers in full over TCP only, as it is.
func TestDNSOverTCP(t *testing.T) {
	for _, c := range []struct {
		name   string
		frame  func(full []byte) []byte
		status catalog.Status
		want   string
	}{
		{"in full", func(p []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), p...) }, catalog.Passing, "10.0.0.2"},
		{"broken off", func(p []byte) []byte { return append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), p[:20]...) }, catalog.Critical, "EOF"},
		{"nothing", func([]byte) []byte { return nil }, catalog.Critical, "EOF"},
		{"another query's answer", func(p []byte) []byte {
			return append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), append([]byte{^p[0]}, p[1:]...)...)
		}, catalog.Critical, "EOF"},
		{"as much noise as fits", func(p []byte) []byte {
			return append(append([]byte{0xff, 0xff}, p[:2]...), bytes.Repeat([]byte{0xff}, 0xffff-2)...)
		}, catalog.Critical, "no DNS message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := datagrams(t, func(p []byte) []byte {
				m := zone(t, p)
				m.Truncated, m.Answers = true, nil
				return packed(t, m)
			})
			l, err := net.Listen("tcp", at)
			if err != nil {
				t.Skipf("the TCP port of %s is taken: %v", at, err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				conn, err := l.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				var size [2]byte
				io.ReadFull(conn, size[:])
				query := make([]byte, binary.BigEndian.Uint16(size[:]))
				io.ReadFull(conn, query)
				conn.Write(c.frame(packed(t, zone(t, query))))
			}()
			res := lookOnce(t, openDNS, catalog.CheckDefinition{DNS: at, DNSName: "web.example"}, long)
			l.Close()
			<-done
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}
