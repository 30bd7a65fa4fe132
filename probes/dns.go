package probes

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"muster/catalog"
)

// openDNS readies a check of a name server. It keeps nothing between probes.
func openDNS(_ *catalog.CheckDefinition, kept *budget) (probe, func()) {
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		return probeDNS(ctx, def, kept.guard)
	}, func() {}
}

// probeDNS asks a name server one question, over UDP and when the answer is cut
// short over TCP, and holds the answer against what the definition expects.
func probeDNS(ctx context.Context, def *catalog.CheckDefinition, g guard) Result {
	ask, err := questionOf(def)
	if err != nil {
		return failure(ctx, "DNS "+def.DNS, err)
	}
	what := fmt.Sprintf("DNS %s %s at %s", ask.Questions[0].Name, strings.ToUpper(cmp.Or(def.DNSType, "A")), def.DNS)
	reply, err := exchange(ctx, g, "udp", def.DNS, ask)
	if err == nil && reply.Truncated {
		reply, err = exchange(ctx, g, "tcp", def.DNS, ask)
	}
	if err != nil {
		return failure(ctx, what, err)
	}
	status, text := judgeReply(def, ask.Questions[0].Type, reply)
	return Result{status, what + ": " + text}
}

func questionOf(def *catalog.CheckDefinition) (*dnsmessage.Message, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(def.DNSName, ".") + ".")
	if err != nil {
		return nil, err
	}
	return &dnsmessage.Message{
		Header: dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true},
		Questions: []dnsmessage.Question{{
			Name:  name,
			Type:  dnsmessage.Type(catalog.DNSTypes()[strings.ToUpper(cmp.Or(def.DNSType, "A"))]),
			Class: dnsmessage.ClassINET,
		}},
	}, nil
}

// exchange sends a query and returns its answer; what answers another is passed over.
func exchange(ctx context.Context, g guard, network, address string, ask *dnsmessage.Message) (*dnsmessage.Message, error) {
	packet, err := ask.Pack()
	if err != nil {
		return nil, err
	}
	conn, err := g.dialer().DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer bounded(ctx, conn)()
	read := readDatagram
	if network == "tcp" { // RFC 1035, 4.2.2: length first
		packet = append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...)
		read = readFramed
	}
	if _, err := conn.Write(packet); err != nil {
		return nil, err
	}
	for {
		text, err := read(conn)
		if err != nil {
			return nil, err
		}
		reply := &dnsmessage.Message{}
		err = reply.Unpack(text)
		if len(text) < 2 || binary.BigEndian.Uint16(text) != ask.ID {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the answer is no DNS message: %w", err)
		}
		if answersTo(reply, ask) {
			return reply, nil
		}
	}
}

func readDatagram(conn net.Conn) ([]byte, error) {
	buf := make([]byte, 4096) // we ask without EDNS, so 512 would do for servers that keep to it
	n, err := conn.Read(buf)
	return buf[:n], err
}

func readFramed(conn net.Conn) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, buf)
	return buf, err
}

// answersTo reports whether a message with the right id answers a query. One that
// could not read the query may leave the question out.
func answersTo(reply, ask *dnsmessage.Message) bool {
	if !reply.Response {
		return false
	}
	if len(reply.Questions) == 0 {
		return reply.RCode != dnsmessage.RCodeSuccess
	}
	got, want := reply.Questions[0], ask.Questions[0]
	return len(reply.Questions) == 1 && got.Type == want.Type && got.Class == want.Class &&
		catalog.EqualFold(got.Name.String(), want.Name.String())
}

// judgeReply holds an answer against what is expected: the rcode, all of the
// records, and where neither is stated at least one record of the type.
func judgeReply(def *catalog.CheckDefinition, asked dnsmessage.Type, reply *dnsmessage.Message) (catalog.Status, string) {
	wanted := strings.ToUpper(cmp.Or(def.DNSRcode, "NOERROR"))
	got := rcodeName(reply.RCode)
	var records []string
	for _, r := range reply.Answers {
		if r.Header.Type == asked {
			records = append(records, recordData(r.Body))
		}
	}
	said := got
	if len(records) > 0 {
		said += " " + strings.Join(records, ", ")
	}
	if got != wanted {
		return catalog.Critical, said + "; expected " + wanted
	}
	for _, want := range def.DNSRecords {
		if !hasRecord(records, want) {
			return catalog.Critical, fmt.Sprintf("%s; expected %q", said, want)
		}
	}
	if def.DNSRcode == "" && len(records) == 0 {
		return catalog.Critical, said + "; no record of the type"
	}
	return catalog.Passing, said
}

func rcodeName(code dnsmessage.RCode) string {
	for name, number := range catalog.DNSRcodes() {
		if uint16(code) == number {
			return name
		}
	}
	return fmt.Sprintf("RCODE%d", code)
}

// hasRecord looks for data without regard to case and to a dot at the end.
func hasRecord(records []string, want string) bool {
	for _, r := range records {
		if catalog.EqualFold(strings.TrimSuffix(r, "."), strings.TrimSuffix(want, ".")) {
			return true
		}
	}
	return false
}

// recordData is a record's data as zone files have it. The strings of a TXT record are joined, without quotes.
func recordData(body dnsmessage.ResourceBody) string {
	switch b := body.(type) {
	case *dnsmessage.AResource:
		return net.IP(b.A[:]).String()
	case *dnsmessage.AAAAResource:
		return net.IP(b.AAAA[:]).String()
	case *dnsmessage.CNAMEResource:
		return b.CNAME.String()
	case *dnsmessage.NSResource:
		return b.NS.String()
	case *dnsmessage.PTRResource:
		return b.PTR.String()
	case *dnsmessage.MXResource:
		return fmt.Sprintf("%d %s", b.Pref, b.MX)
	case *dnsmessage.SRVResource:
		return fmt.Sprintf("%d %d %d %s", b.Priority, b.Weight, b.Port, b.Target)
	case *dnsmessage.SOAResource:
		return fmt.Sprintf("%s %s %d %d %d %d %d", b.NS, b.MBox, b.Serial, b.Refresh, b.Retry, b.Expire, b.MinTTL)
	case *dnsmessage.TXTResource:
		return strings.Join(b.TXT, "")
	}
	return "(unknown data)"
}
