package catalog

import "time"

// CheckDefinition is a check as its owner states it. Exactly one of its kinds'
// own keys says how to probe; see [CheckDefinition.Kind].
type CheckDefinition struct {
	ID        string `key:"id,check_id" json:",omitempty"` // empty: made from the service's id, or Name
	Name      string `key:"name" json:",omitempty"`        // empty: made from the service's name
	ServiceID string `key:"service_id" json:",omitempty"`  // empty: a check of the node
	Notes     string `key:"notes" json:",omitempty"`
	Status    Status `key:"status" json:",omitempty"` // what it starts as; empty: critical

	HTTP             string              `key:"http" json:",omitempty"`   // URL
	Method           string              `key:"method" json:",omitempty"` // empty: GET
	Header           map[string][]string `key:"header" json:",omitempty"`
	Body             string              `key:"body" json:",omitempty"`
	FollowRedirects  bool                `key:"follow_redirects" json:",omitempty"`
	DisableRedirects bool                `key:"disable_redirects" json:",omitempty"` // Consul's key; what muster does anyway
	ExpectStatus     string              `key:"expect_status" json:",omitempty"`     // see [ParseCodes]; empty: 2xx, and 429 is a warning
	ExpectBody       string              `key:"expect_body" json:",omitempty"`       // RE2; empty: any
	HTTP2            bool                `key:"http2" json:",omitempty"`             // HTTP/2 or nothing; without TLS by prior knowledge

	TCP       string `key:"tcp" json:",omitempty"` // host:port
	TCPUseTLS bool   `key:"tcp_use_tls" json:",omitempty"`
	UDP       string `key:"udp" json:",omitempty"`    // host:port
	Send      string `key:"send" json:",omitempty"`   // tcp, udp; empty: nothing, in an empty datagram
	Expect    string `key:"expect" json:",omitempty"` // tcp, udp: RE2 that the answer matches; empty: none is waited for

	GRPC       string `key:"grpc" json:",omitempty"` // host:port, or host:port/service
	GRPCUseTLS bool   `key:"grpc_use_tls" json:",omitempty"`

	DNS        string   `key:"dns" json:",omitempty"`         // host:port of a name server
	DNSName    string   `key:"dns_name" json:",omitempty"`    // what it is asked
	DNSType    string   `key:"dns_type" json:",omitempty"`    // empty: A; see [DNSTypes]
	DNSRcode   string   `key:"dns_rcode" json:",omitempty"`   // empty: NOERROR with records; see [DNSRcodes]
	DNSRecords []string `key:"dns_records" json:",omitempty"` // data of records that the answer must have, among others

	ICMP      string `key:"icmp" json:",omitempty"`       // host
	OSService string `key:"os_service" json:",omitempty"` // systemd unit; without a suffix, a service

	File   string        `key:"file" json:",omitempty"`
	MaxAge time.Duration `key:"max_age" json:",omitempty"` // file; 0: any age will do

	TTL          time.Duration `key:"ttl" json:",omitempty"`
	Args         []string      `key:"args,script_args" json:",omitempty"`
	AliasNode    string        `key:"alias_node" json:",omitempty"`    // empty: this node
	AliasService string        `key:"alias_service" json:",omitempty"` // service id

	TLSServerName string `key:"tls_server_name" json:",omitempty"`
	TLSSkipVerify bool   `key:"tls_skip_verify" json:",omitempty"`
	TLSCAFile     string `key:"tls_ca_file" json:",omitempty"`   // empty: the system's authorities
	TLSCertFile   string `key:"tls_cert_file" json:",omitempty"` // client certificate; empty: none
	TLSKeyFile    string `key:"tls_key_file" json:",omitempty"`

	Hold    bool   `key:"hold" json:",omitempty"`     // tcp, http, grpc: probe at once when a connection held open ends
	Pid     int    `key:"pid" json:",omitempty"`      // probe at once when this process exits; 0: none
	PidFile string `key:"pid_file" json:",omitempty"` // the same, of the process whose id a file holds

	Interval      time.Duration `key:"interval" json:",omitempty"`
	Timeout       time.Duration `key:"timeout" json:",omitempty"`         // 0: the kind's default, never over Interval
	OutputMaxSize int           `key:"output_max_size" json:",omitempty"` // bytes; 0: MaxCheckOutput, which is also the most

	SuccessBeforePassing   int `key:"success_before_passing" json:",omitempty"`   // successes in a row; 0 and 1: the first
	FailuresBeforeWarning  int `key:"failures_before_warning" json:",omitempty"`  // failures in a row; 0: FailuresBeforeCritical
	FailuresBeforeCritical int `key:"failures_before_critical" json:",omitempty"` // failures in a row; 0 and 1: the first

	FlapLimit  int           `key:"flap_limit" json:",omitempty"`  // see [CheckDefinition.Flapping]; 0: off
	FlapWindow time.Duration `key:"flap_window" json:",omitempty"` // 0: by interval and thresholds

	// Observers is how many agents look, the owner among them; the status is what most of them
	// see. See [CheckDefinition.ValidateObserved]. 0 and 1: the owner alone, or one agent where no agent owns the check.
	Observers int `key:"observers" json:",omitempty"`

	// DeregisterCriticalServiceAfter removes the service once the check has been
	// critical this long. 0: never.
	DeregisterCriticalServiceAfter time.Duration `key:"deregister_critical_service_after" json:",omitempty"`
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
