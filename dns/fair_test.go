package dns_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	mdns "github.com/miekg/dns"

	"muster/dns"
	"muster/dns/dnstest"
)

// TestSubsetsAreFair asks for two of four addresses and holds the ordered pairs against what drawing
// by weight without replacement makes of them: w1/sum * w2/(sum-w1). Of equal weights, and of SRV
// records, likewise. The bound is the 99.9 % point of chi-squared for 11 degrees of freedom.
func TestSubsetsAreFair(t *testing.T) {
	const draws, bound = 5000, 31.3
	for seed, weights := range [][]int{{10, 3, 1, 6}, {1, 1, 1, 1}, {8, 2, 8, 2}} {
		text, total := "node n 10.0.0.1\n", 0
		for i, w := range weights {
			text += fmt.Sprintf("service n s id=%d addr=10.1.0.%d lan_ipv6=2001:db8::%d port=%d weights=%d/1\n", i, i, i+1, i, w)
			total += w
		}
		cfg := dns.DefaultConfig()
		cfg.ARecordLimit, cfg.UDPAnswerLimit = 2, 2
		r, err := dns.NewResolver(cfg)
		if err != nil {
			t.Fatal(err)
		}
		view := dns.View(current(dnstest.Catalog(t, text)))
		for _, qtype := range []uint16{mdns.TypeA, mdns.TypeAAAA, mdns.TypeSRV} {
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(qtype)))
			var pairs [4][4]int
			for range draws {
				a := r.Resolve(dns.Question{Name: "s.service.consul.", Type: qtype, UDP: true}, view, rng)
				pairs[which(a.Answer[0])][which(a.Answer[1])]++
			}
			x := 0.0
			for i, wi := range weights {
				for j, wj := range weights {
					if i == j {
						continue
					}
					expected := draws * float64(wi) / float64(total) * float64(wj) / float64(total-wi)
					d := float64(pairs[i][j]) - expected
					x += d * d / expected
				}
			}
			if x > bound || pairs[0][0]+pairs[1][1]+pairs[2][2]+pairs[3][3] > 0 {
				t.Errorf("weights %v, %s: pairs %v, chi-squared %.1f", weights, mdns.TypeToString[qtype], pairs, x)
			}
		}
	}
}

// which tells of which instance a record is.
func which(rr mdns.RR) int {
	switch rr := rr.(type) {
	case *mdns.A:
		return int(rr.A[len(rr.A)-1])
	case *mdns.AAAA:
		return int(rr.AAAA[15]) - 1
	}
	return int(rr.(*mdns.SRV).Port)
}

// TestStaticOrder: configured records take turns like any.
func TestStaticOrder(t *testing.T) {
	h := handler(t, current(dnstest.Catalog(t, "node n 10.0.0.1")), withRecords("www A 192.0.2.1", "www A 192.0.2.2"))
	first := map[string]bool{}
	for i := 0; len(first) < 2; i++ {
		if i == 200 {
			t.Fatalf("only %v came first", first)
		}
		reply, _ := dnstest.Ask(t, h, dnstest.Case{Ask: "www.consul. A"})
		first[reply.Answer[0].String()] = true
	}
}
