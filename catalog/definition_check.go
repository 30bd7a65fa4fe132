package catalog

import "time"

// CheckDefinition is a check as its owner states it. Exactly one of its kinds'
// own keys says how to probe; see [CheckDefinition.Kind].
type CheckDefinition struct {
	ID        string `key:"id,check_id"` // empty: made from the service's id, or Name
	Name      string `key:"name"`        // empty: made from the service's name
	ServiceID string `key:"service_id"`  // empty: a check of the node
	Notes     string `key:"notes"`
	Status    Status `key:"status"` // what it starts as; empty: critical

	HTTP             string              `key:"http"`   // URL
	Method           string              `key:"method"` // empty: GET
	Header           map[string][]string `key:"header"`
	Body             string              `key:"body"`
	FollowRedirects  bool                `key:"follow_redirects"`
	DisableRedirects bool                `key:"disable_redirects"` // Consul's key; what muster does anyway
	ExpectStatus     string              `key:"expect_status"`     // see [ParseCodes]; empty: 2xx, and 429 is a warning
	ExpectBody       string              `key:"expect_body"`       // RE2; empty: any
	HTTP2            bool                `key:"http2"`             // HTTP/2 or nothing; without TLS by prior knowledge

	TCP       string `key:"tcp"` // host:port
	TCPUseTLS bool   `key:"tcp_use_tls"`
	UDP       string `key:"udp"`    // host:port
	Send      string `key:"send"`   // tcp, udp; empty: nothing, in an empty datagram
	Expect    string `key:"expect"` // tcp, udp: RE2 that the answer matches; empty: none is waited for

	GRPC       string `key:"grpc"` // host:port, or host:port/service
	GRPCUseTLS bool   `key:"grpc_use_tls"`

	DNS        string   `key:"dns"`         // host:port of a name server
	DNSName    string   `key:"dns_name"`    // what it is asked
	DNSType    string   `key:"dns_type"`    // empty: A; see [DNSTypes]
	DNSRcode   string   `key:"dns_rcode"`   // empty: NOERROR with records; see [DNSRcodes]
	DNSRecords []string `key:"dns_records"` // data of records that the answer must have, among others

	ICMP      string `key:"icmp"`       // host
	OSService string `key:"os_service"` // systemd unit; without a suffix, a service

	File   string        `key:"file"`
	MaxAge time.Duration `key:"max_age"` // file; 0: any age will do

	TTL          time.Duration `key:"ttl"`
	Args         []string      `key:"args,script_args"`
	AliasNode    string        `key:"alias_node"`    // empty: this node
	AliasService string        `key:"alias_service"` // service id

	TLSServerName string `key:"tls_server_name"`
	TLSSkipVerify bool   `key:"tls_skip_verify"`
	TLSCAFile     string `key:"tls_ca_file"`   // empty: the system's authorities
	TLSCertFile   string `key:"tls_cert_file"` // client certificate; empty: none
	TLSKeyFile    string `key:"tls_key_file"`

	Hold    bool   `key:"hold"`     // tcp, http, grpc: probe at once when a connection held open ends
	Pid     int    `key:"pid"`      // probe at once when this process exits; 0: none
	PidFile string `key:"pid_file"` // the same, of the process whose id a file holds

	Interval      time.Duration `key:"interval"`
	Timeout       time.Duration `key:"timeout"`         // 0: the kind's default, never over Interval
	OutputMaxSize int           `key:"output_max_size"` // bytes; 0: MaxCheckOutput, which is also the most

	SuccessBeforePassing   int `key:"success_before_passing"`   // successes in a row; 0 and 1: the first
	FailuresBeforeWarning  int `key:"failures_before_warning"`  // failures in a row; 0: FailuresBeforeCritical
	FailuresBeforeCritical int `key:"failures_before_critical"` // failures in a row; 0 and 1: the first

	FlapLimit  int           `key:"flap_limit"`  // see [CheckDefinition.Flapping]; 0: off
	FlapWindow time.Duration `key:"flap_window"` // 0: by interval and thresholds

	// DeregisterCriticalServiceAfter removes the service once the check has been
	// critical this long. 0: never.
	DeregisterCriticalServiceAfter time.Duration `key:"deregister_critical_service_after"`
}

// Kind names how a check is probed.
type Kind string

// The kinds of check. The name of a kind is also the key that makes a check one
// of it, but for scripts (args) and aliases (alias_service, alias_node).
const (
	KindHTTP      Kind = "http"
	KindTCP       Kind = "tcp"
	KindUDP       Kind = "udp"
	KindGRPC      Kind = "grpc"
	KindDNS       Kind = "dns"
	KindICMP      Kind = "icmp"
	KindScript    Kind = "script"
	KindOSService Kind = "os_service"
	KindFile      Kind = "file"
	KindTTL       Kind = "ttl"
	KindAlias     Kind = "alias"
	// KindNone is a check without a probe of its own, such as maintenance: it changes when told to.
	KindNone Kind = ""
)

// Kinds lists every kind that has a probe, in a fixed order.
var Kinds = [...]Kind{
	KindHTTP, KindTCP, KindUDP, KindGRPC, KindDNS, KindICMP, KindTTL, KindScript, KindAlias, KindOSService, KindFile,
}

// Probing reports whether checks of the kind look at their target at intervals,
// rather than being told (ttl) or following the catalog (alias).
func (k Kind) Probing() bool { return k != KindNone && k != KindTTL && k != KindAlias }

// is reports whether the definition has what makes a check one of a kind.
func (d *CheckDefinition) is(k Kind) bool {
	switch k {
	case KindHTTP:
		return d.HTTP != ""
	case KindTCP:
		return d.TCP != ""
	case KindUDP:
		return d.UDP != ""
	case KindGRPC:
		return d.GRPC != ""
	case KindDNS:
		return d.DNS != ""
	case KindICMP:
		return d.ICMP != ""
	case KindTTL:
		return d.TTL != 0
	case KindScript:
		return len(d.Args) > 0
	case KindAlias:
		return d.AliasNode != "" || d.AliasService != ""
	case KindOSService:
		return d.OSService != ""
	case KindFile:
		return d.File != ""
	}
	return false
}

// kinds returns the kinds whose fields are set.
func (d *CheckDefinition) kinds() []Kind {
	var out []Kind
	for _, k := range Kinds {
		if d.is(k) {
			out = append(out, k)
		}
	}
	return out
}

// Kind returns how a valid definition is probed.
func (d *CheckDefinition) Kind() Kind {
	for _, k := range Kinds {
		if d.is(k) {
			return k
		}
	}
	return KindNone
}

// InitialStatus is what the check is before its first verdict: critical unless stated.
func (d *CheckDefinition) InitialStatus() Status {
	if d.Status == "" {
		return Critical
	}
	return d.Status
}
