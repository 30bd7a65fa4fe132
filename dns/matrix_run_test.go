package dns_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestMatrix puts every shape to a server through its sockets. Zero deviations are allowed.
func TestMatrix(t *testing.T) {
	var catalog strings.Builder
	catalog.WriteString(world)
	for i := range 100 {
		fmt.Fprintf(&catalog, "service n1 big id=big-%d addr=10.20.0.%d\n", i, i+1)
	}
	s, _ := serve(t, current(dnstest.Catalog(t, catalog.String())), func(c *dns.Config) { c.NSID = "srv1" })
	for _, network := range []string{"udp", "tcp"} {
		conn, err := net.Dial(network, s.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		for i, c := range matrix() {
			want := c.want
			if network == "tcp" && c.tcp != "" {
				want = c.tcp
			}
			query := c.message(t, uint16(2*i))
			if got := ask(t, conn, query, want == ""); got != want {
				t.Errorf("%s, %s: %q, want %q", network, c.name, got, want)
			}
		}
	}
}

// message is the shape in wire form.
func (c shape) message(t testing.TB, id uint16) []byte {
	t.Helper()
	var counts [4]uint16
	if _, err := fmt.Sscanf(c.count, "%d/%d/%d/%d", &counts[0], &counts[1], &counts[2], &counts[3]); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	rest, err := hex.DecodeString(strings.ReplaceAll(parts.Replace(c.body), " ", ""))
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	out, err := hex.DecodeString(c.flags)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	out = append(binary.BigEndian.AppendUint16(nil, id), out...)
	for _, n := range counts {
		out = binary.BigEndian.AppendUint16(out, n)
	}
	return append(out, rest...)
}

// ask sends a query and describes the reply. Where silence is expected a second query, which is
// answered, follows: with its reply comes the proof that there was none to the first. Replies of
// other ids, late ones to silent shapes among them, are deviations.
func ask(t *testing.T, conn net.Conn, query []byte, silent bool) string {
	t.Helper()
	write(t, conn, query)
	id := binary.BigEndian.Uint16(query)
	if silent {
		id++
		write(t, conn, shape{"sentinel", "0000", "1/0/0/0", "(web) A IN", "", ""}.message(t, id))
	}
	reply := read(t, conn)
	if got := binary.BigEndian.Uint16(reply); got != id {
		return fmt.Sprintf("reply %x with id %d", reply, got)
	}
	if silent {
		return ""
	}
	return describe(query, reply)
}

func write(t *testing.T, conn net.Conn, message []byte) {
	t.Helper()
	if _, ok := conn.(*net.TCPConn); ok {
		message = append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	}
	if _, err := conn.Write(message); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	buf := make([]byte, 1<<16)
	n, err := 0, error(nil)
	if _, ok := conn.(*net.TCPConn); ok {
		if _, err = io.ReadFull(conn, buf[:2]); err == nil {
			n, err = io.ReadFull(conn, buf[:binary.BigEndian.Uint16(buf)])
		}
	} else {
		n, err = conn.Read(buf)
	}
	if err != nil || n < 12 {
		t.Fatalf("%d octets, %v", n, err)
	}
	return buf[:n]
}

// describe is a reply as shape.want has it: code, opcode, flags, counts, and of EDNS what is not as ever.
func describe(query, reply []byte) string {
	m := new(mdns.Msg)
	if err := m.Unpack(reply); err != nil {
		return fmt.Sprintf("%x: %v", reply, err)
	}
	bits := binary.BigEndian.Uint16(reply[2:])
	words := []string{mdns.RcodeToString[m.Rcode]}
	if m.Rcode == mdns.RcodeBadVers {
		words[0] = "BADVERS"
	}
	if bits&0x8000 == 0 {
		words = append(words, "NO-QR")
	}
	if opcode := bits >> 11 & 0xf; opcode != 0 {
		words = append(words, fmt.Sprintf("opcode%d", opcode))
	}
	for i, name := range []string{"aa", "tc", "rd", "ra", "z", "ad", "cd"} {
		if bits&(0x400>>i) != 0 {
			words = append(words, name)
		}
	}
	words = append(words, fmt.Sprintf("%d/%d/%d/%d", len(m.Question), len(m.Answer), len(m.Ns), len(m.Extra)))
	if len(m.Question) > 0 {
		end := 12
		for query[end] != 0 {
			end += 1 + int(query[end])
		}
		end += 1 + 4
		if len(reply) < end || !bytes.Equal(query[12:end], reply[12:end]) {
			words = append(words, "ANOTHER-QUESTION")
		}
	}
	if o := m.IsEdns0(); o != nil {
		words = append(words, describeOPT(o)...)
	}
	return strings.Join(words, " ")
}

func describeOPT(o *mdns.OPT) []string {
	words := []string{"edns"}
	if o.Version() != 0 || o.UDPSize() != 1232 || o.Hdr.Ttl&0x7fff != 0 || o.Hdr.Name != "." {
		words = append(words, strings.Fields(o.String())...)
	}
	if o.Do() {
		words = append(words, "do")
	}
	for _, option := range o.Option {
		switch option := option.(type) {
		case *mdns.EDNS0_NSID:
			words = append(words, "nsid")
		case *mdns.EDNS0_SUBNET:
			words = append(words, "ecs")
			if option.SourceScope != 0 {
				words = append(words, "SCOPE")
			}
		case *mdns.EDNS0_COOKIE:
			words = append(words, "cookie")
			if len(option.Cookie) != 48 {
				words = append(words, option.Cookie)
			}
		case *mdns.EDNS0_TCP_KEEPALIVE:
			words = append(words, fmt.Sprintf("keepalive%d", option.Timeout))
		case *mdns.EDNS0_EDE:
			words = append(words, fmt.Sprintf("ede%d", option.InfoCode))
		default:
			words = append(words, fmt.Sprintf("option%d", option.Option()))
		}
	}
	return words
}
