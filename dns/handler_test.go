package dns

import (
	"testing"

	"github.com/miekg/dns"

	"muster/catalog"
	"muster/metrics"
)

type empty struct{}

func (empty) View() View { return View{Snapshot: catalog.New().Snapshot(), Ready: true} }

// TestPanicIsServfail holds that no bug on the way to a reply is more than one failed query.
func TestPanicIsServfail(t *testing.T) {
	h, err := NewHandler(DefaultConfig(), empty{}, Deps{Metrics: metrics.New(metrics.Build{}).DNS})
	if err != nil {
		t.Fatal(err)
	}
	r := h.answer(t.Context(), h.current.Load(), head{id: 7, rd: true}, nil, new(query), dns.RcodeSuccess) // a query without a message
	m := new(dns.Msg)
	if err := m.Unpack(r.wire); err != nil || m.Id != 7 || m.Rcode != dns.RcodeServerFailure || r.rcode != m.Rcode || r.reason.Kind != InternalError {
		t.Errorf("%s (%v), code %d, %s", m, err, r.rcode, r.reason)
	}
}
