package doctor

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

// gossipFacts are what shows whether members reach one another.
type gossipFacts struct {
	asked    int      // addresses that were tried by TCP
	closed   []string // those that nobody answered at, and why
	strain   float64  // how far the agent falls behind the pace of gossip: 0 keeps up, 7 is the most
	alive    int      // members
	met      bool     // a ping by UDP was answered
	unmet    bool     // none ever was
	uptime   time.Duration
	measured bool // strain is known
}

// maxDialled bounds how many addresses of members are tried, and atOnce how many at a time.
const (
	maxDialled = 64
	atOnce     = 16
)

func lookAtGossip(ctx context.Context, c *chart) []Finding {
	members, err := c.Agent.Members(ctx, false, "")
	if err != nil {
		return fail("see the agent's log", "%v", err)
	}
	var f gossipFacts
	var addresses []address
	for _, m := range members {
		if httpapi.MemberStatus(m.Status) != httpapi.MemberAlive {
			continue // that it has failed is told already
		}
		f.alive++
		if m.Name == c.set.NodeName {
			continue
		}
		addresses = append(addresses, address{m.Name + " gossip", net.JoinHostPort(m.Addr, strconv.Itoa(int(m.Port)))})
		if isServer(m) {
			addresses = append(addresses, address{m.Name + " server port", net.JoinHostPort(m.Addr, m.Tags["port"])})
		}
	}
	f.asked = min(len(addresses), maxDialled)
	f.closed = closed(ctx, addresses[:f.asked])
	if text, err := c.Agent.Metrics(ctx); err == nil {
		f.strain, f.measured = figure(text, `muster_gossip_strain{pool="lan"}`)
	}
	if at := c.self.Coord; at != nil {
		f.met, f.unmet = at.Error < nowhere, at.Error >= nowhere
	}
	f.uptime, _ = time.ParseDuration(c.stat("runtime", "uptime")) // 0 when it does not tell: then nothing is made of unmet
	return f.judge()
}

const (
	nowhere  = 1.5              // error of a coordinate that no answered ping has moved
	settle   = 30 * time.Second // by which time each of a few members has been pinged
	strained = 3
)

func (f gossipFacts) judge() []Finding {
	const udp = "let UDP through at 8301 in both directions; if it is, the machine may be too busy"
	switch {
	case len(f.closed) > 0:
		return fail("let TCP and UDP through at 8301, to servers TCP at 8300", "from here TCP does not reach %s", some(f.closed))
	case f.alive > 1 && f.unmet && f.uptime > settle:
		return warn(udp, "TCP reaches %s of others, but nobody has ever answered the agent by UDP", terminal.Count(f.asked, "port"))
	case f.measured && f.strain >= strained:
		return warn(udp, "TCP reaches %s of others, but the agent falls behind: strain %.0f of 7", terminal.Count(f.asked, "port"), f.strain)
	case f.alive <= 1:
		return ok("no other member is alive")
	}
	text := fmt.Sprintf("TCP reaches %s of others", terminal.Count(f.asked, "port"))
	if f.met {
		text += ", UDP is answered"
	}
	return ok("%s, strain %.0f of 7", text, f.strain)
}

// address is where somebody is to be reached.
type address struct{ who, at string }

// closed tries addresses by TCP and lists those that do not answer, in their order.
func closed(ctx context.Context, all []address) []string {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	failed := make([]string, len(all))
	places := make(chan struct{}, atOnce)
	var tried sync.WaitGroup
	for i, a := range all {
		tried.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.at)
			if err != nil {
				failed[i] = fmt.Sprintf("%s (%v)", a.who, err)
				return
			}
			_ = conn.Close()
		})
	}
	tried.Wait()
	return slices.DeleteFunc(failed, func(text string) bool { return text == "" })
}

// dialTime is how long all of them have to answer.
const dialTime = 3 * time.Second
