package catalog

import (
	"net"
	"strconv"
	"time"
)

// Bounds of a check's times. Under MinInterval a probe is load, not news.
const (
	MinInterval = 100 * time.Millisecond
	MinTTL      = 100 * time.Millisecond
	// MinDeregisterAfter keeps a short outage from deleting registrations.
	MinDeregisterAfter = time.Minute
)

// Validate returns everything wrong with a check definition. Inside a service
// definition (ofService) the id and the name may be missing.
func (d *CheckDefinition) Validate(ofService bool) Problems {
	var p Problems
	if !ofService && d.ID == "" && d.Name == "" {
		p.add("name", "a check needs a name or an id")
	}
	if hasControl(d.ID) {
		p.add("id", "contains a control character")
	}
	if d.Status != "" && !d.Status.Valid() {
		p.add("status", "%q is none of passing, warning, critical", string(d.Status))
	}
	d.validateKind(&p)
	d.validateTimes(&p)
	d.validateFlapping(&p)
	d.validateObservers(&p)
	for _, n := range []struct {
		field string
		value int
	}{
		{"success_before_passing", d.SuccessBeforePassing},
		{"failures_before_warning", d.FailuresBeforeWarning},
		{"failures_before_critical", d.FailuresBeforeCritical},
		{"output_max_size", d.OutputMaxSize},
		{"pid", d.Pid},
		{"observers", d.Observers},
	} {
		if n.value < 0 {
			p.add(n.field, "%d is negative", n.value)
		}
	}
	if d.FailuresBeforeWarning > max(d.FailuresBeforeCritical, 1) {
		p.add("failures_before_warning", "%d is over failures_before_critical (%d)", d.FailuresBeforeWarning, max(d.FailuresBeforeCritical, 1))
	}
	return p
}

func (d *CheckDefinition) validateKind(p *Problems) {
	kinds := d.kinds()
	switch {
	case len(kinds) == 0:
		p.add("check", "says nothing to probe: set one of http, tcp, udp, grpc, dns, icmp, ttl, args, os_service, file, alias_service, alias_node")
		return
	case len(kinds) > 1:
		p.add(d.keyOf(kinds[1]), "a check has one kind, this one is already %s", kinds[0])
		return
	}
	d.validateTarget(p, kinds[0])
	d.validateForeign(p, kinds[0])
	d.validateExpected(p)
	d.validateTLS(p)
	d.validateWakers(p)
}

// keyOf returns the key that makes a check one of a kind.
func (d *CheckDefinition) keyOf(k Kind) string {
	switch {
	case k == KindScript:
		return "args"
	case k == KindAlias && d.AliasService != "":
		return "alias_service"
	case k == KindAlias:
		return "alias_node"
	}
	return string(k)
}

func (d *CheckDefinition) validateTimes(p *Problems) {
	switch k := d.Kind(); {
	case k.Probing():
		if d.Interval == 0 {
			p.add("interval", "is missing; a %s check needs one, such as \"10s\"", k)
		} else if d.Interval < MinInterval {
			p.add("interval", "%v is under the least, %v", d.Interval, MinInterval)
		}
	case k == KindTTL:
		if d.TTL < MinTTL {
			p.add("ttl", "%v is under the least, %v", d.TTL, MinTTL)
		}
	}
	if d.Timeout < 0 {
		p.add("timeout", "%v is negative", d.Timeout)
	}
	if d.MaxAge < 0 {
		p.add("max_age", "%v is negative", d.MaxAge)
	}
	if a := d.DeregisterCriticalServiceAfter; a < 0 {
		p.add("deregister_critical_service_after", "%v is negative", a)
	}
}

func validHostPort(s string) error {
	host, port, err := net.SplitHostPort(s)
	if err != nil || host == "" {
		return Errorf(Invalid, "%q is not host:port", s)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return Errorf(Invalid, "%q: port %q is outside 1..65535", s, port)
	}
	return nil
}
