package httpapi

import (
	"time"

	"muster/catalog"
)

// CheckDefinition is how a check of the catalog is probed by agents that do not own it, in
// Consul's form with muster's own keys behind. All empty: nobody probes it.
type CheckDefinition struct {
	HTTP                           string              `json:",omitempty"`
	Header                         map[string][]string `json:",omitempty"`
	Method                         string              `json:",omitempty"`
	Body                           string              `json:",omitempty"`
	TLSServerName                  string              `json:",omitempty"`
	TLSSkipVerify                  bool                `json:",omitempty"`
	TCP                            string              `json:",omitempty"`
	TCPUseTLS                      bool                `json:",omitempty"`
	UDP                            string              `json:",omitempty"`
	GRPC                           string              `json:",omitempty"`
	GRPCUseTLS                     bool                `json:",omitempty"`
	Interval                       string              `json:",omitempty"` // a Go duration, like the next two
	Timeout                        string              `json:",omitempty"`
	DeregisterCriticalServiceAfter string              `json:",omitempty"`
	DNS                            string              `json:",omitempty"`
	DNSName                        string              `json:",omitempty"`
	ICMP                           string              `json:",omitempty"`
	Observers                      int                 `json:",omitempty"`
}

func shapeDefinition(d *catalog.CheckDefinition) CheckDefinition {
	if d == nil {
		return CheckDefinition{}
	}
	text := func(d time.Duration) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	return CheckDefinition{
		HTTP: d.HTTP, Header: d.Header, Method: d.Method, Body: d.Body, TLSServerName: d.TLSServerName, TLSSkipVerify: d.TLSSkipVerify,
		TCP: d.TCP, TCPUseTLS: d.TCPUseTLS, UDP: d.UDP, GRPC: d.GRPC, GRPCUseTLS: d.GRPCUseTLS,
		Interval: text(d.Interval), Timeout: text(d.Timeout), DeregisterCriticalServiceAfter: text(d.DeregisterCriticalServiceAfter),
		DNS: d.DNS, DNSName: d.DNSName, ICMP: d.ICMP, Observers: d.Observers,
	}
}

// externalInterval is how often a target is probed whose definition does not say, as by consul-esm.
const externalInterval = 30 * time.Second

// probe returns the definition by which agents are to probe a check of the catalog; nil: they are not to.
func (b *checkBody) probe() (*catalog.CheckDefinition, error) {
	d := b.Definition
	if d == nil || d.Kind() == catalog.KindNone {
		return nil, nil
	}
	if d.Interval == 0 {
		d.Interval = externalInterval
	}
	d.Status = "" // that of the registration counts
	problems := d.Validate(true)
	problems = append(problems, d.ValidateObserved()...)
	if len(problems) > 0 {
		return nil, catalog.Errorf(catalog.Invalid, "Check.Definition.%w", problems[0])
	}
	return d.Probe(), nil
}
