package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// lookup is what came of looking a name up.
type lookup struct {
	addresses []string // sorted
	err       error    // nil with addresses
}

func (l lookup) missing() bool {
	e, isDNS := errors.AsType[*net.DNSError](l.err)
	return isDNS && e.IsNotFound
}

// why is the error without the name and the server in it.
func (l lookup) why() string {
	if e, isDNS := errors.AsType[*net.DNSError](l.err); isDNS {
		return e.Err
	}
	return l.err.Error()
}

func lookAtResolver(ctx context.Context, c *chart) []Finding {
	var at string
	for _, url := range c.set.DNSAddrs {
		if address, isUDP := strings.CutPrefix(url, "udp://"); isUDP {
			at = address
			break
		}
	}
	switch {
	case at == "":
		return skip("the agent's DNS is off")
	case strings.HasSuffix(at, ":0"):
		return skip("the agent's DNS is on any free port")
	}
	name := fmt.Sprintf("%s.node.%s.%s", c.set.NodeName, c.set.Datacenter, c.set.DNSDomain)
	direct := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, asked(at))
	}}
	return judgeLookups(name, at, look(ctx, direct, name), look(ctx, net.DefaultResolver, name))
}

// asked is where to ask a server that listens at an address, which may stand for all of the machine's.
func asked(at string) string {
	host, port, err := net.SplitHostPort(at)
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		return net.JoinHostPort("", port)
	}
	return at
}

// lookTime leaves time to tell what came of it: servers that do not answer are tried again and again.
const lookTime = 2 * time.Second

func look(ctx context.Context, by *net.Resolver, name string) lookup {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	addresses, err := by.LookupHost(ctx, name)
	slices.Sort(addresses)
	return lookup{addresses, err}
}

// judgeLookups compares what the agent says of a name with what programs of this machine get to hear.
func judgeLookups(name, at string, direct, system lookup) []Finding {
	const forward = "have the machine's resolver forward the zone to the agent: `muster resolver plan` shows how"
	switch {
	case direct.missing():
		return warn("wait until the agent has registered itself; without a leader it cannot", "the agent does not know its own name, %s", name)
	case direct.err != nil:
		return fail("see the agent's log", "%s does not answer: %s", at, direct.why())
	case system.missing():
		return warn(forward, "programs of this machine do not find %s; the agent at %s does", name, at)
	case system.err != nil:
		return warn(forward, "the machine's resolver does not answer for %s: %s", name, system.why())
	case !slices.Equal(direct.addresses, system.addresses):
		return fail("see whom the machine's resolver asks for the zone", "for %s the machine's resolver says %s, the agent %s",
			name, some(system.addresses), some(direct.addresses))
	}
	return ok("%s is %s, for the machine's resolver as for the agent", name, some(direct.addresses))
}
