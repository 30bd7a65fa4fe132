package agent

import (
	"fmt"
	"net/netip"
	"time"
)

type dnsKeys struct {
	Domain    *string  `key:"domain"`
	AltDomain *string  `key:"alt_domain"`
	Recursors []string `key:"recursors"`
	Records   []string `key:"dns_records"` // not Consul's
	DNS       struct {
		AllowStale         *bool                    `key:"allow_stale"`
		MaxStale           *time.Duration           `key:"max_stale"`
		NodeTTL            *time.Duration           `key:"node_ttl"`
		ServiceTTL         map[string]time.Duration `key:"service_ttl"`
		OnlyPassing        *bool                    `key:"only_passing"`
		EnableTruncate     *bool                    `key:"enable_truncate"`
		DisableCompression *bool                    `key:"disable_compression"`
		UDPAnswerLimit     *int                     `key:"udp_answer_limit"`
		ARecordLimit       *int                     `key:"a_record_limit"`
		NodeMetaTXT        *bool                    `key:"enable_additional_node_meta_txt"`
		RecursorStrategy   *string                  `key:"recursor_strategy"`
		RecursorTimeout    *time.Duration           `key:"recursor_timeout"`
		RecursorCache      *int                     `key:"recursor_cache_bytes"`
		SOA                struct {
			Refresh *uint32 `key:"refresh"`
			Retry   *uint32 `key:"retry"`
			Expire  *uint32 `key:"expire"`
			MinTTL  *uint32 `key:"min_ttl"`
		} `key:"soa"`

		// Not Consul's; see dns.Config.
		MinServiceTTL    *time.Duration `key:"min_service_ttl"`
		MaxServiceTTL    *time.Duration `key:"max_service_ttl"`
		StaleAfter       *time.Duration `key:"stale_after"`
		ServiceMetaTXT   []string       `key:"service_meta_txt"`
		SortByRTT        *bool          `key:"sort_by_rtt"`
		PreferLocal      *bool          `key:"prefer_local"`
		PreferLocalMin   *int           `key:"prefer_local_min"`
		ReverseNetworks  []string       `key:"reverse_networks"`
		ExplainNetworks  []string       `key:"explain_networks"`
		RecursorNetworks []string       `key:"recursor_networks"`
		QueryLog         *int           `key:"query_log"`
		NSID             *string        `key:"nsid"`
		EnableChaos      *bool          `key:"enable_chaos"`
		RateLimit        *int           `key:"rate_limit"`
		RateLimitErrors  *int           `key:"rate_limit_errors"`
		RateLimitSlip    *int           `key:"rate_limit_slip"`
		RateLimitExempt  []string       `key:"rate_limit_exempt"`
	} `key:"dns_config"`
}

func (b *builder) dns(k *dnsKeys) {
	to, from := &b.cfg.DNS, &k.DNS
	set(&to.Domain, k.Domain)
	set(&to.AltDomain, k.AltDomain)
	to.Recursors = append(to.Recursors, k.Recursors...)
	to.Records = append(to.Records, k.Records...)
	set(&to.MinServiceTTL, from.MinServiceTTL)
	set(&to.MaxServiceTTL, from.MaxServiceTTL)
	set(&to.AllowStale, from.AllowStale)
	set(&to.MaxStale, from.MaxStale)
	set(&to.StaleAfter, from.StaleAfter)
	set(&to.NodeTTL, from.NodeTTL)
	if from.ServiceTTL != nil {
		to.ServiceTTL = from.ServiceTTL
	}
	set(&to.OnlyPassing, from.OnlyPassing)
	set(&to.EnableTruncate, from.EnableTruncate)
	set(&to.DisableCompression, from.DisableCompression)
	set(&to.UDPAnswerLimit, from.UDPAnswerLimit)
	set(&to.ARecordLimit, from.ARecordLimit)
	set(&to.EnableAdditionalNodeMetaTXT, from.NodeMetaTXT)
	set(&to.RecursorStrategy, from.RecursorStrategy)
	set(&to.RecursorTimeout, from.RecursorTimeout)
	set(&to.RecursorCache, from.RecursorCache)
	set(&to.SOA.Refresh, from.SOA.Refresh)
	set(&to.SOA.Retry, from.SOA.Retry)
	set(&to.SOA.Expire, from.SOA.Expire)
	set(&to.SOA.MinTTL, from.SOA.MinTTL)
	to.ServiceMetaTXT = append(to.ServiceMetaTXT, from.ServiceMetaTXT...)
	b.networks(&to.ReverseNetworks, "dns_config.reverse_networks", from.ReverseNetworks)
	b.networks(&to.ExplainNetworks, "dns_config.explain_networks", from.ExplainNetworks)
	b.networks(&to.RecursorNetworks, "dns_config.recursor_networks", from.RecursorNetworks)
	set(&to.SortByRTT, from.SortByRTT)
	set(&to.PreferLocal, from.PreferLocal)
	set(&to.PreferLocalMin, from.PreferLocalMin)
	if to.PreferLocal && b.cfg.Locality.Region == "" {
		b.warn("dns_config.prefer_local does nothing without locality.region")
	}
	set(&to.QueryLog, from.QueryLog)
	set(&to.NSID, from.NSID)
	set(&to.EnableChaos, from.EnableChaos)
	set(&to.RateLimit, from.RateLimit)
	set(&to.RateLimitErrors, from.RateLimitErrors)
	set(&to.RateLimitSlip, from.RateLimitSlip)
	b.networks(&to.RateLimitExempt, "dns_config.rate_limit_exempt", from.RateLimitExempt)
	b.dnsProblems()
}

// networks replaces a list of networks by the one configured, if any. A lone address is a network of itself.
func (b *builder) networks(to *[]netip.Prefix, key string, from []string) {
	if from == nil {
		return
	}
	list, good := make([]netip.Prefix, len(from)), true
	for i, text := range from {
		network, err := netip.ParsePrefix(text)
		if a, addrErr := netip.ParseAddr(text); addrErr == nil && a.Zone() == "" {
			network, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			b.problem(fmt.Sprintf("%s[%d]", key, i), "%q is not a network such as 10.0.0.0/8", text)
			good = false
		}
		list[i] = network
	}
	if good {
		*to = list
	}
}

// dnsProblems asks the DNS server's own rules. Listening addresses are not
// theirs to judge: they come of settings that are judged by themselves.
func (b *builder) dnsProblems() {
	c := b.cfg.DNSConfig()
	c.Addrs = nil
	for _, p := range c.Validate() {
		key := p.Field
		// The DNS server names some of dns_config's keys without their table.
		for _, short := range []string{"a_record_limit", "udp_answer_limit", "recursor_strategy"} {
			if key == short {
				key = "dns_config." + key
			}
		}
		b.problem(key, "%s", p.Message)
	}
}
