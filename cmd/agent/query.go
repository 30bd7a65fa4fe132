package agent

import (
	"context"

	"muster/dns"
)

// DNSReply is what a DNS server replied, in words; DNSOptions say how it is asked.
type (
	DNSReply   = dns.Reply
	DNSOptions = dns.ClientOptions
)

// QueryDNS puts a question to any DNS server, "host:port", and returns its reply,
// whatever it says. An error means that there was none.
func QueryDNS(ctx context.Context, server, name, qtype string, o DNSOptions) (*DNSReply, error) {
	return dns.Query(ctx, server, name, qtype, o)
}
