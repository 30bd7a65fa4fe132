package catalog

// MaxObservers is how many agents may look at one check.
const MaxObservers = 15

// Probe returns what is needed to probe the check and no more, as agents other than the
// owner get to know it; see [Check.Definition].
func (d *CheckDefinition) Probe() *CheckDefinition {
	p := *d
	p.ID, p.Name, p.ServiceID, p.Notes = "", "", "", ""
	p.DisableRedirects = false
	if len(p.Header) == 0 {
		p.Header = nil // as it comes back from the log
	}
	if len(p.DNSRecords) == 0 {
		p.DNSRecords = nil
	}
	if len(p.Args) == 0 {
		p.Args = nil
	}
	return &p
}

// ValidateObserved returns why agents other than the owner must not or cannot probe the check: it would
// have them run programs, read files, or look at what is their own.
func (d *CheckDefinition) ValidateObserved() Problems {
	var p Problems
	switch k := d.Kind(); k {
	case KindHTTP, KindTCP, KindUDP, KindGRPC, KindDNS, KindICMP:
	case KindNone:
	default:
		p.add(d.keyOf(k), "other agents cannot probe a %s check; they can http, tcp, udp, grpc, dns and icmp", k)
	}
	for _, f := range []struct {
		key string
		set bool
	}{
		{"pid", d.Pid != 0}, {"pid_file", d.PidFile != ""},
		{"tls_ca_file", d.TLSCAFile != ""}, {"tls_cert_file", d.TLSCertFile != ""}, {"tls_key_file", d.TLSKeyFile != ""},
	} {
		if f.set {
			p.add(f.key, "cannot be had where other agents probe")
		}
	}
	return p
}

func (d *CheckDefinition) validateObservers(p *Problems) {
	if d.Observers > MaxObservers {
		p.add("observers", "%d is over the most, %d", d.Observers, MaxObservers)
	}
	if d.Observers > 1 {
		*p = append(*p, d.ValidateObserved()...)
	}
}
