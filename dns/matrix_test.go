package dns_test

import (
	"fmt"
	"strings"
)

// shape is one message and the reply expected, by UDP and TCP alike (RFC 8906 section 8, RFC 6891, and beyond).
type shape struct {
	name  string
	flags string // bits of the header, four hexadecimal digits
	count string // of the sections, such as "1/0/0/1"
	body  string // hexadecimal with names for parts, see parts
	want  string // "RCODE [opcodeN] flags counts [edns ...]", see describe; empty: silence
	tcp   string // over TCP, if another
}

// parts are the names that stand for octets in shape.body.
var parts = strings.NewReplacer(
	"(web)", name("web.service.consul"), "(WeB)", name("WeB.sErViCe.cOnSuL"), "(big)", name("big.service.consul"),
	"(n1)", name("n1.node.consul"), "(nope)", name("nope.service.consul"), "(out)", name("example.com"), "(consul)", name("consul"), "(version)", name("version.bind"),
	"(63)", "3f"+strings.Repeat("61", 63), "(255)", strings.Repeat("3f"+strings.Repeat("61", 63), 3)+"3d"+strings.Repeat("61", 61)+"00",
	"(256)", strings.Repeat("3f"+strings.Repeat("61", 63), 3)+"3e"+strings.Repeat("61", 62)+"00",
	"A", "0001", "IN", "0001", "OPT0", "00 0029 04d0 00000000 0000", "OPT", "00 0029 04d0", "TSIG", "00 00fa 00ff 00000000 0000",
	"NSID", "0003 0000", "COOKIE", "000a 0008 0102030405060708", "ECS", "0008 0007 0001 18 00 c00002", "EXPIRE", "0009 0000",
)

func name(s string) string {
	var out strings.Builder
	for l := range strings.SplitSeq(s, ".") {
		fmt.Fprintf(&out, "%02x%x", len(l), l)
	}
	return out.String() + "00"
}

const (
	formerr = "FORMERR 0/0/0/0"    // nothing of the query could be relied on
	plainOK = "NOERROR aa 1/2/0/0" // both addresses of web
	ednsOK  = "NOERROR aa 1/2/0/1 edns"
)

// matrix returns the table in groups.
func matrix() (out []shape) {
	for _, group := range [][]shape{headerShapes, questionShapes, kindShapes, ednsShapes, optionShapes, sectionShapes} {
		out = append(out, group...)
	}
	return out
}

var headerShapes = []shape{
	{"plain", "0000", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"RD", "0100", "1/0/0/0", "(web) A IN", "NOERROR aa rd 1/2/0/0", ""},
	{"AD", "0020", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"CD", "0010", "1/0/0/0", "(web) A IN", "NOERROR aa cd 1/2/0/0", ""},
	{"Z", "0040", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"AA", "0400", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"TC", "0200", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"RA", "0080", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"rcode bits", "000f", "1/0/0/0", "(web) A IN", plainOK, ""},
	{"all bits", "07ff", "1/0/0/0", "(web) A IN", "NOERROR aa rd cd 1/2/0/0", ""},
	{"QR", "8000", "1/0/0/0", "(web) A IN", "", ""},
	{"QR and opcode", "f800", "0/0/0/0", "", "", ""},
	{"QR with an answer", "8400", "1/1/0/0", "(web) A IN c00c A IN 00000000 0004 01020304", "", ""},
	{"IQUERY", "0800", "1/0/0/0", "(web) A IN", "NOTIMP opcode1 0/0/0/0", ""},
	{"STATUS", "1000", "0/0/0/0", "", "NOTIMP opcode2 0/0/0/0", ""},
	{"opcode 3", "1800", "1/0/0/0", "(web) A IN", "NOTIMP opcode3 0/0/0/0", ""},
	{"NOTIFY", "2400", "1/0/0/0", "(consul) 0006 IN", "NOTIMP opcode4 0/0/0/0", ""},
	{"UPDATE", "2800", "1/0/0/0", "(consul) 0006 IN", "NOTIMP opcode5 0/0/0/0", ""},
	{"DSO", "3000", "0/0/0/0", "0001 0004 00001388", "NOTIMP opcode6 0/0/0/0", ""},
	{"opcode 15", "7900", "0/0/0/0", "", "NOTIMP opcode15 rd 0/0/0/0", ""},
	{"opcode 15 with EDNS", "7800", "1/0/0/1", "(web) A IN OPT0", "NOTIMP opcode15 0/0/0/1 edns", ""},
	{"UPDATE with EDNS", "2800", "1/1/1/1", "(consul) 0006 IN 00 00ff 00fe 00000000 0000 00 00ff 00ff 00000000 0000 OPT 00008000 0000", "NOTIMP opcode5 0/0/0/1 edns do", ""},
}

var questionShapes = []shape{
	{"no question", "0000", "0/0/0/0", "", formerr, ""},
	{"no question with EDNS", "0000", "0/0/0/1", "OPT0", "FORMERR 0/0/0/1 edns", ""},
	{"two questions", "0000", "2/0/0/0", "(web) A IN (web) 001c IN", formerr, ""},
	{"two questions with EDNS", "0000", "2/0/0/1", "(web) A IN (web) 001c IN OPT0", "FORMERR 0/0/0/1 edns", ""},
	{"65535 questions", "0000", "65535/0/0/0", "(web) A IN", formerr, ""},
	{"question missing", "0000", "1/0/0/0", "", formerr, ""},
	{"name cut off", "0000", "1/0/0/0", "03776562 0773", formerr, ""},
	{"name without end", "0000", "1/0/0/0", "03776562", formerr, ""},
	{"type missing", "0000", "1/0/0/0", "(web)", formerr, ""},
	{"class cut off", "0000", "1/0/0/0", "(web) A 00", formerr, ""},
	{"octets left over", "0000", "1/0/0/0", "(web) A IN 00", formerr, ""},
	{"a question left over", "0000", "1/0/0/0", "(web) A IN (web) A IN", formerr, ""},
	{"name compressed to itself", "0000", "1/0/0/0", "c00c A IN", formerr, ""},
	{"name compressed in a loop", "0000", "1/0/0/0", "03776562 c00c A IN", formerr, ""},
	{"name compressed to the header", "0000", "1/0/0/0", "03776562 c004 A IN", formerr, ""},
	{"name compressed forward", "0000", "1/0/0/0", "c014 A IN 00000000 (web)", formerr, ""},
	{"pointer cut off", "0000", "1/0/0/0", "c0", formerr, ""},
	{"label of 64", "0000", "1/0/0/0", "40" + strings.Repeat("61", 64) + "00 A IN", formerr, ""},
	{"label type 10", "0000", "1/0/0/0", "81 6100 A IN", formerr, ""},
	{"name of 256 octets", "0000", "1/0/0/0", "(256) A IN", formerr, ""},
	{"name of 255 octets", "0000", "1/0/0/0", "(255) A IN", "REFUSED 1/0/0/0", ""},
	{"root", "0000", "1/0/0/0", "00 A IN", "REFUSED 1/0/0/0", ""},
	{"other case", "0000", "1/0/0/0", "(WeB) A IN", plainOK, ""},
	{"octets that are no letters", "0000", "1/0/0/0", "02 00ff 07 73657276696365 06 636f6e73756c 00 A IN", "NXDOMAIN aa 1/0/1/0", ""},
	{"a dot within a label", "0000", "1/0/0/0", "0b 7765622e73657276696365 06 636f6e73756c 00 A IN", "NXDOMAIN aa 1/0/1/0", ""},
	{"a backslash within a label", "0000", "1/0/0/0", "02 5c77 07 73657276696365 06 636f6e73756c 00 A IN", "NXDOMAIN aa 1/0/1/0", ""},
	{"outside", "0100", "1/0/0/0", "(out) A IN", "REFUSED rd 1/0/0/0", ""},
	{"unknown", "0000", "1/0/0/0", "(nope) A IN", "NXDOMAIN aa 1/0/1/0", ""},
	{"unknown with EDNS", "0000", "1/0/0/1", "(nope) A IN OPT0", "NXDOMAIN aa 1/0/1/1 edns ede0", ""},
}

var kindShapes = []shape{
	{"type 0", "0000", "1/0/0/0", "(web) 0000 IN", "FORMERR 1/0/0/0", ""},
	{"type 1000", "0000", "1/0/0/0", "(web) 03e8 IN", "NOERROR aa 1/0/1/0", ""},
	{"type 65280", "0000", "1/0/0/0", "(web) ff00 IN", "NOERROR aa 1/0/1/0", ""},
	{"type 65535", "0000", "1/0/0/0", "(web) ffff IN", "NOERROR aa 1/0/1/0", ""},
	{"DNSKEY", "0000", "1/0/0/1", "(consul) 0030 IN OPT 00008000 0000", "NOERROR aa 1/0/1/1 edns do ede0", ""},
	{"DS", "0000", "1/0/0/0", "(web) 002b IN", "NOERROR aa 1/0/1/0", ""},
	{"RRSIG", "0000", "1/0/0/0", "(web) 002e IN", "NOERROR aa 1/0/1/0", ""},
	{"TYPE OPT", "0000", "1/0/0/0", "(web) 0029 IN", "FORMERR 1/0/0/0", ""},
	{"TYPE TSIG", "0000", "1/0/0/0", "(web) 00fa IN", "FORMERR 1/0/0/0", ""},
	{"TKEY", "0000", "1/0/0/0", "(web) 00f9 IN", "REFUSED 1/0/0/0", ""},
	{"AXFR", "0000", "1/0/0/0", "(consul) 00fc IN", "REFUSED 1/0/0/0", ""},
	{"IXFR", "0000", "1/0/1/0", "(consul) 00fb IN c00c 0006 IN 00000000 0016 0000 00000001 00000000 00000000 00000000 00000000", "REFUSED 1/0/0/0", ""},
	{"MAILB", "0000", "1/0/0/0", "(consul) 00fd IN", "REFUSED 1/0/0/0", ""},
	{"MAILA", "0000", "1/0/0/0", "(consul) 00fe IN", "REFUSED 1/0/0/0", ""},
	{"ANY type", "0000", "1/0/0/0", "(n1) 00ff IN", "NOERROR aa 1/1/0/0", "NOERROR aa 1/5/0/0"},
	{"class CH", "0000", "1/0/0/0", "(web) A 0003", "REFUSED 1/0/0/0", ""},
	{"class HS", "0000", "1/0/0/0", "(web) A 0004", "REFUSED 1/0/0/0", ""},
	{"class NONE", "0000", "1/0/0/0", "(web) A 00fe", "REFUSED 1/0/0/0", ""},
	{"class ANY", "0000", "1/0/0/0", "(web) A 00ff", "REFUSED 1/0/0/0", ""},
	{"class 0", "0000", "1/0/0/0", "(web) A 0000", "REFUSED 1/0/0/0", ""},
	{"class 65280 with EDNS", "0000", "1/0/0/1", "(web) A ff00 OPT0", "REFUSED 1/0/0/1 edns ede21", ""},
	{"version.bind", "0000", "1/0/0/0", "(version) 0010 0003", "REFUSED 1/0/0/0", ""},
	{"too much for UDP", "0000", "1/0/0/0", "(big) A IN", "NOERROR aa tc 1/29/0/0", "NOERROR aa 1/100/0/0"},
	{"too much for 512", "0000", "1/0/0/1", "(big) A IN 00 0029 0200 00008000 0000", "NOERROR aa tc 1/29/0/1 edns do", "NOERROR aa 1/100/0/1 edns do"},
	{"too much for 65535", "0000", "1/0/0/1", "(big) A IN 00 0029 ffff 00000000 0000", "NOERROR aa tc 1/74/0/1 edns", "NOERROR aa 1/100/0/1 edns"},
}
