package dns

import (
	"net/netip"
	"slices"
	"time"

	"muster/catalog"
)

// Config says which zones a server owns and how it answers. Start from
// [DefaultConfig]: the zero Config does not validate.
//
// [Server.Reload] changes everything but Addrs and Limits.
type Config struct {
	// Addrs are the "ip:port" to listen on, each over UDP and TCP. Port 0 picks a free one.
	Addrs []string
	// Domain is the zone, "consul" by default; a trailing dot does not matter. AltDomain
	// is a second zone with the same names below it; empty: none.
	Domain, AltDomain string
	// Datacenter is this agent's own; the names of every other do not exist.
	Datacenter string

	// AllowStale permits answers from a view older than StaleAfter. Without it such a view gives SERVFAIL.
	AllowStale bool
	// MaxStale is the age past which a view gives SERVFAIL even so. 0: StaleAfter.
	MaxStale time.Duration
	// StaleAfter is the age past which answers are marked as stale (EDE 3 and 19, RFC 8914).
	StaleAfter time.Duration

	// NodeTTL is the TTL of node and addr names, of NS records and their glue. Whole seconds.
	NodeTTL time.Duration
	// ServiceTTL maps service names to the TTL of their answers. The exact name wins, then the longest
	// key that ends in '*' and whose rest begins the name; without a match the TTL is 0. Case does not matter.
	ServiceTTL map[string]time.Duration
	// MinServiceTTL and MaxServiceTTL bound the TTLs that registrations ask for. They do not bound ServiceTTL.
	MinServiceTTL, MaxServiceTTL time.Duration
	// SOA holds the times of every zone's SOA record.
	SOA SOA
	// Records are records of our own in Domain and AltDomain, one a text in the form of zone files. Their
	// TTL is NodeTTL unless stated. A name that has some is answered from them alone, whatever the catalog has at it.
	Records []string

	// OnlyPassing leaves out instances in warning; otherwise only critical ones and those in maintenance are.
	OnlyPassing bool
	// ARecordLimit is the most address records (A and AAAA each) an answer for a service carries, over any
	// transport. More are cut to a weighted random choice, which is not truncation. 0: no limit.
	ARecordLimit int
	// UDPAnswerLimit is the most records of a service (A, AAAA, SRV) an answer over UDP carries, with EDNS or
	// without. More are cut to a weighted random choice, which is not truncation. 0: no limit but the message's size.
	UDPAnswerLimit int
	// EnableTruncate sets TC when an answer record does not fit a UDP reply. False is for clients that cannot
	// use TCP: they get what fits as if it were all. TC is set in any case when nothing fits.
	EnableTruncate bool
	// DisableCompression spells out every name (RFC 1035 section 4.1.4 not used). Replies get about twice as long.
	DisableCompression bool
	// EnableAdditionalNodeMetaTXT adds the node's meta as TXT to the additional section of SRV and node answers.
	EnableAdditionalNodeMetaTXT bool
	// ServiceMetaTXT lists the instance meta keys that TXT questions for a service return. A key that ends in
	// '*' stands for all keys that begin so. Empty: none, such questions get NODATA.
	ServiceMetaTXT []string

	// SortByRTT orders the addresses and SRV records of a service by the estimated round trip from Node, this
	// agent's node, within each priority; those without an estimate come last, in random order. Limits keep the nearest.
	SortByRTT bool
	Node      string
	// PreferLocal answers with the instances in the zone of Locality alone if at least PreferLocalMin of them pass,
	// else with those in its region if so many pass there, else with all, the near ones first. Each priority by itself.
	PreferLocal    bool
	PreferLocalMin int
	// Locality is where this agent runs. Without a region PreferLocal does nothing.
	Locality catalog.Locality

	// ReverseNetworks are networks whose reverse zones this server owns whole: an address in them that the
	// catalog does not know is NXDOMAIN. Elsewhere only addresses in the catalog are answered for. Prefixes
	// must end on a label: multiples of 8 bits for IPv4, of 4 bits for IPv6.
	ReverseNetworks []netip.Prefix
	// ExplainNetworks are the clients that get the text of extended errors, which names services and counts
	// instances. Others get the codes alone.
	ExplainNetworks []netip.Prefix

	// Recursors are upstream resolvers, "ip" or "ip:port", for names outside our zones. Empty: such questions are REFUSED.
	Recursors []string
	// RecursorNetworks are the clients for whom recursors are asked. Others are REFUSED.
	RecursorNetworks []netip.Prefix
	// RecursorStrategy is the order in which recursors are tried: Sequential or Random.
	RecursorStrategy string
	// RecursorTimeout bounds each try of one recursor over one transport.
	RecursorTimeout time.Duration
	// RecursorCache is the most bytes that replies of recursors take in memory, a quarter of them negative
	// ones. They are kept for their TTL at most. 0: every question is asked anew.
	RecursorCache int

	// NSID is this server's name for the NSID option (RFC 5001) and id.server. Empty: neither is answered.
	NSID string
	// EnableChaos answers version.bind and id.server in class CH. Version is the text for version.bind; empty: none.
	EnableChaos bool
	Version     string

	// RateLimit is the most answers a second (NOERROR) over UDP to the clients of one /24 or /56; RateLimitErrors
	// the most NXDOMAIN, and apart from them the most errors. A second's worth may come at once. Clients that show a
	// cookie of ours (RFC 7873) are not limited. 0: no limit.
	RateLimit, RateLimitErrors int
	// RateLimitSlip makes every so many-th limited reply a truncated one, which sends real clients to TCP, instead of
	// none. 0: never, 1: always.
	RateLimitSlip int
	// RateLimitExempt are networks that are not limited.
	RateLimitExempt []netip.Prefix

	// QueryLog writes one of so many answered queries, by chance, into the log: 1 all of them, 0 none. The
	// names that clients ask for are told to whoever reads the log.
	QueryLog int

	// Limits bound what clients can occupy.
	Limits Limits
}

// The values of Config.RecursorStrategy.
const (
	Sequential = "sequential"
	Random     = "random"
)

// SOA holds the times of a start-of-authority record, in seconds (RFC 1035 section 3.3.13).
type SOA struct {
	Refresh, Retry, Expire uint32
	// MinTTL is how long a negative answer may be cached (RFC 2308), and the TTL of the SOA record itself.
	MinTTL uint32
}

// Limits bound connections and work. All must be positive.
type Limits struct {
	InFlight     int           // queries being decided at once, over all transports; more wait in the kernel
	Forwards     int           // of those, queries waiting for recursors; more are SERVFAIL
	Conns        int           // TCP connections; another takes the place of the one idle for the longest, and without one is closed at once
	ConnsPerHost int           // TCP connections of one client address (IPv6: /64); more are closed at once
	Pipeline     int           // queries of one TCP connection being answered at once; more are not read yet
	Idle         time.Duration // silence after which a TCP connection is closed (RFC 7766 section 6.2.3)
	Read         time.Duration // time to send a query over TCP once begun
	Write        time.Duration // time to take a reply over TCP
}

// DefaultConfig returns a configuration for zone consul., datacenter dc1, on loopback port 8600.
func DefaultConfig() Config {
	return Config{
		Addrs: []string{"127.0.0.1:8600"}, Domain: "consul", Datacenter: "dc1",
		AllowStale: true, MaxStale: 87600 * time.Hour, StaleAfter: 5 * time.Second,
		SOA:             SOA{Refresh: 3600, Retry: 600, Expire: 86400},
		MaxServiceTTL:   time.Hour,
		EnableTruncate:  true,
		PreferLocalMin:  1,
		ExplainNetworks: loopback(), RecursorNetworks: append(loopback(), private()...),
		RecursorStrategy: Sequential, RecursorTimeout: 2 * time.Second, RecursorCache: 4 << 20,
		RateLimit: 500, RateLimitErrors: 200, RateLimitSlip: 2,
		RateLimitExempt: slices.Concat(loopback(), private(), prefixes("100.64.0.0/10")), // RFC 6598: carriers and overlays
		Limits: Limits{
			InFlight: 4096, Forwards: 1024, Conns: 2048, ConnsPerHost: 200, Pipeline: 32,
			Idle: 10 * time.Second, Read: 5 * time.Second, Write: 5 * time.Second,
		},
	}
}

func loopback() []netip.Prefix { return prefixes("127.0.0.0/8", "::1/128") }

// private are the networks of RFC 1918, RFC 4193 and link-local addresses.
func private() []netip.Prefix {
	return prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
}

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// contains reports whether any of networks holds a.
func contains(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
