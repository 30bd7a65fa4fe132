package agent

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"muster/catalog"
)

// minRetryInterval keeps a mistake from turning into a flood.
const minRetryInterval = 100 * time.Millisecond

type joinKeys struct {
	StartJoin        []string       `key:"start_join"`
	StartJoinWAN     []string       `key:"start_join_wan"`
	RetryJoin        []string       `key:"retry_join"`
	RetryJoinWAN     []string       `key:"retry_join_wan"`
	RetryInterval    *time.Duration `key:"retry_interval"`
	RetryIntervalWAN *time.Duration `key:"retry_interval_wan"`
	RetryMax         *int           `key:"retry_max"`
	RetryMaxWAN      *int           `key:"retry_max_wan"`
	RejoinAfterLeave *bool          `key:"rejoin_after_leave"`
}

// join reads whom to meet. To meet them once at the start, as start_join has it,
// would fail agents that start before the others: it means the same as retry_join.
func (b *builder) join(k *joinKeys) {
	g := &b.cfg.Gossip
	set(&g.RejoinAfterLeave, k.RejoinAfterLeave)
	g.LAN.Join = append(b.meet("retry_join", k.RetryJoin), b.meet("start_join", k.StartJoin)...)
	g.WAN.Join = append(b.meet("retry_join_wan", k.RetryJoinWAN), b.meet("start_join_wan", k.StartJoinWAN)...)
	atLeast(b, &g.LAN.RetryInterval, "retry_interval", k.RetryInterval, minRetryInterval)
	atLeast(b, &g.WAN.RetryInterval, "retry_interval_wan", k.RetryIntervalWAN, minRetryInterval)
	atLeast(b, &g.LAN.RetryMax, "retry_max", k.RetryMax, 0)
	atLeast(b, &g.WAN.RetryMax, "retry_max_wan", k.RetryMaxWAN, 0)
	b.needsWAN("retry_join_wan", k.RetryJoinWAN)
	b.needsWAN("start_join_wan", k.StartJoinWAN)
}

// needsWAN refuses to join other datacenters without the port to do it from.
func (b *builder) needsWAN(key string, list []string) {
	if len(list) > 0 && b.cfg.Ports.SerfWAN < 0 {
		b.problem(key, "other datacenters cannot be joined: ports.serf_wan is off")
	}
}

// meet reads a list of agents; a template may stand for several, or none.
func (b *builder) meet(key string, list []string) []string {
	var out []string
	for i, text := range list {
		at := fmt.Sprintf("%s[%d]", key, i)
		expanded, known := b.expand(at, text)
		if !known {
			continue
		}
		if strings.HasPrefix(text, "provider=") {
			b.problem(at, "clouds are not asked for addresses by this version; name addresses, or a DNS name that has several")
			continue
		}
		hosts := strings.Fields(expanded)
		if expanded == text {
			hosts = []string{text}
		}
		for _, host := range hosts {
			if !validPeer(host) {
				b.problem(at, "%q is neither a host nor host:port", host)
				continue
			}
			out = append(out, host)
		}
	}
	return out
}

// validPeer reports whether text is an IP address or host name, with or without a port.
func validPeer(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	} else {
		host = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return catalog.ValidHostName(strings.TrimSuffix(host, ".")) == nil
}
