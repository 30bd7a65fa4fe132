package dns_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestMutations damages good messages in every way that comes to mind and holds of each reply what
// FuzzMessage holds, of the workers' fast path too. MUSTER_DNS_MUTATIONS is how many messages, MUSTER_DNS_SEED where they begin.
func TestMutations(t *testing.T) {
	report := struct {
		Seed, Messages, Fast, Replies, NoError, Refused, Unreadable int
		Verdict                                                     string
	}{Seed: setting(t, "MUSTER_DNS_SEED", 1), Messages: setting(t, "MUSTER_DNS_MUTATIONS", 50_000), Verdict: "failed"}
	h := handler(t, current(dnstest.Catalog(t, world)), func(c *dns.Config) {
		c.EnableChaos, c.NSID, c.Version = true, "srv1", "1"
		c.ReverseNetworks, c.ServiceMetaTXT = prefixes("10.0.0.0/8"), []string{"*"}
	})
	seeds, loopback := goodMessages(t), netip.MustParseAddr("127.0.0.1")
	var mu sync.Mutex
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(report.Seed), uint64(w)))
			codes, fast := map[int]int{}, 0
			cache, out := h.NewCache(true, 1), make([]byte, 4096)
			for i := w; i < report.Messages && !t.Failed(); i += runtime.GOMAXPROCS(0) {
				udp := rng.IntN(2) == 0
				query := mutate(rng, seeds)
				reply := dnstest.Exchange(h, query, udp)
				if err := checkReply(query, reply, udp); err != nil {
					t.Error(err)
					return
				}
				if n, ok := cache.Answer(out, query, loopback); udp && ok {
					fast++
					if err := checkReply(query, out[:n], true); err != nil || !bytes.Equal(out[2:12], reply[2:12]) {
						t.Errorf("fast %x, slow %x (%v)", out[:n], reply, err)
						return
					}
				}
				if reply != nil {
					codes[int(reply[3]&0xf)]++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			report.Fast += fast
			for code, n := range codes {
				report.Replies += n
				switch code {
				case mdns.RcodeSuccess, mdns.RcodeNameError:
					report.NoError += n
				case mdns.RcodeRefused:
					report.Refused += n
				case mdns.RcodeFormatError, mdns.RcodeNotImplemented:
					report.Unreadable += n
				}
			}
		})
	}
	workers.Wait()
	if report.NoError < report.Messages/10 || report.Fast < report.Messages/20 || report.Unreadable < report.Messages/20 {
		t.Error("the mutations are too mild or too wild to mean anything")
	}
	if !t.Failed() {
		report.Verdict = "passed"
	}
	line, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", line)
}

func setting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// goodMessages are what of the matrix is no error, and a question of every form of name and type.
func goodMessages(t *testing.T) (out [][]byte) {
	for i, c := range matrix() {
		if strings.HasPrefix(c.want, "NO") || strings.HasPrefix(c.want, "NX") || strings.HasPrefix(c.want, "BAD") {
			out = append(out, c.message(t, uint16(i)))
		}
	}
	for _, name := range []string{"web.service.consul.", "blue.web.service.dc1.consul.", "_web._tcp.service.consul.", "_web._tcp.consul.",
		"n1.node.consul.", "0a00000b.addr.dc1.consul.", "consul.", "ns.consul.", "11.0.0.10.in-addr.arpa.", "mixed.service.consul.",
		"loop-a.service.consul.", "txt.service.consul.", "down.service.consul.", "version.bind.", "id.server."} {
		for _, qtype := range []string{"A", "AAAA", "SRV", "ANY", "TXT", "SOA", "NS", "PTR", "HTTPS"} {
			m := new(mdns.Msg)
			dnstest.Question(t, m, name+" "+qtype)
			if len(out)%2 == 0 {
				m.SetEdns0(1232, true)
			}
			wire, err := m.Pack()
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, wire)
		}
	}
	return out
}

// mutate returns a message with a few damages.
func mutate(rng *rand.Rand, seeds [][]byte) []byte {
	odd := []byte{0x00, 0x01, 0x29, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff, '.', '\\', '_'}
	b := bytes.Clone(seeds[rng.IntN(len(seeds))])
	for again := true; again && len(b) > 0; again = rng.IntN(3) == 0 {
		at := rng.IntN(len(b))
		switch rng.IntN(12) {
		case 0:
			b[at] ^= 1 << rng.IntN(8)
		case 1:
			b[at] = odd[rng.IntN(len(odd))]
		case 2, 9, 10, 11:
			b[at] = byte(rng.Uint32())
		case 3:
			b = b[:at]
		case 4:
			b = append(b[:at:at], append([]byte{odd[rng.IntN(len(odd))]}, b[at:]...)...)
		case 5:
			b = append(b[:at:at], b[min(at+1+rng.IntN(8), len(b)):]...)
		case 6: // a count
			if len(b) >= 12 {
				b[5+2*rng.IntN(4)] = byte(rng.IntN(3))
			}
		case 7: // the tail of another
			other := seeds[rng.IntN(len(seeds))]
			b = append(b[:at:at], other[rng.IntN(len(other)):]...)
		case 8: // a piece once more
			b = append(b[:at:at], append(bytes.Clone(b[at/2:at]), b[at:]...)...)
		}
	}
	if len(b) > 2 && rng.IntN(16) > 0 {
		b[2] &= 0x07 // a plain query, or most would be answered by their header alone
	}
	return b
}
