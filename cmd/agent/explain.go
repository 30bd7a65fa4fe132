package agent

import (
	"fmt"
	"strings"

	"muster/catalog"
	"muster/catalog/httpapi"
	"muster/dns"
)

// explainer is an agent as one who explains its DNS answers over HTTP.
type explainer Agent

// Explain implements httpapi.Explainer. A name without a dot is short for a service of ours.
func (x *explainer) Explain(name, qtype string, tcp bool) (httpapi.Explanation, error) {
	cfg := x.cfg.Load()
	if !strings.Contains(name, ".") {
		name += ".service." + cfg.DNS.Domain
	}
	q, err := dns.NewQuestion(name, qtype, !tcp)
	if err != nil {
		return httpapi.Explanation{}, err
	}
	e := x.dns.Explain(q)
	a := &e.Answer
	out := httpapi.Explanation{
		Name: q.Name, Type: q.TypeName(), TCP: tcp, Rcode: a.RcodeName(),
		Answer: dns.ZoneText(a.Answer), Authority: dns.ZoneText(a.Ns), Additional: dns.ZoneText(a.Extra),
		Reason: a.Reason.String(), ErrorCode: int(a.Reason.Code()), Stale: a.Stale,
		Names:     make([]httpapi.ExplainedName, len(e.Steps)),
		Recursors: append([]string{}, e.Recursors...),
		Message:   httpapi.ExplainedMessage(e.Message),
		Agent: httpapi.ExplainedAgent{
			Node: cfg.NodeName, Datacenter: cfg.Datacenter, Version: x.opts.Version,
			Ready: e.Ready, Index: e.Index, Age: e.Age.String(),
		},
	}
	for i, s := range e.Steps {
		out.Names[i] = x.name(s)
	}
	return out, nil
}

func (x *explainer) name(s *dns.Step) httpapi.ExplainedName {
	out := httpapi.ExplainedName{
		Name: s.Name, Zone: s.Zone, ReadAs: s.Reading.String(),
		Form: s.Form, Service: s.Service, Tag: s.Tag, Node: s.Node, Query: s.Query, Address: s.Address, Datacenter: s.Datacenter,
		TTL: make([]httpapi.ExplainedTTL, len(s.TTLs)), Kept: s.Cut.Kept, Of: s.Cut.Of,
		Near: s.Preference.From, LocalKept: s.Preference.Kept, LocalOf: s.Preference.Of, LocalWithin: s.Preference.Within,
		Considered: make([]httpapi.ExplainedInstance, len(s.Considered)),
	}
	if s.Brake != nil {
		out.Brake = httpapi.ShapeBrake(s.Brake)
	}
	for i, ttl := range s.TTLs {
		out.TTL[i] = httpapi.ExplainedTTL(ttl)
	}
	for i, c := range s.Considered {
		out.Considered[i] = x.considered(c)
	}
	return out
}

func (x *explainer) considered(c *dns.Considered) httpapi.ExplainedInstance {
	out := httpapi.ExplainedInstance{
		Node: c.Node.Name, Tags: []string{}, Addresses: append([]string{}, c.Addresses...),
		Status: string(c.Status), In: c.Verdict.In(), Verdict: c.Verdict.Code(), Why: c.Verdict.String(),
		Checks: make([]httpapi.ExplainedCheck, len(c.Checks)),
	}
	switch {
	case c.Kept != dns.NotKept:
		out.Guard, out.GuardWhy = c.Kept.Code(), c.Kept.String()
	case c.Ramp > 0:
		out.Guard, out.GuardWhy = "slow-start", fmt.Sprintf("came back lately, has %d %% of its weight", c.Ramp)
	}
	if i := c.Instance; i != nil {
		out.ID, out.Service, out.Port = i.ID, i.Name, i.Port
		out.Tags = append(out.Tags, i.Tags...)
		where := (&catalog.Entry{Node: c.Node, Instance: i}).Locality()
		out.Region, out.Zone = where.Region, where.Zone
	}
	if c.RTT != nil {
		out.RTT = c.RTT.String()
	}
	if c.Weighed {
		out.Weight = &c.Weight
	}
	for i, check := range c.Checks {
		out.Checks[i] = x.check(check, c.Against(check))
	}
	return out
}

// check adds to a check of this agent its newest output, since when it has its
// status and how it came to it; to one that it observes for others, the last two as it sees them. Of all
// others nobody here knows: the catalog's rows carry indexes, no times.
func (x *explainer) check(c *catalog.Check, against bool) httpapi.ExplainedCheck {
	out := httpapi.ExplainedCheck{
		CheckID: c.ID, Name: c.Name, Type: c.Type, Status: string(c.Status), OfNode: c.ServiceID == "", Against: against,
		Output: c.Output, Notes: c.Notes, ModifyIndex: c.ModifyIndex,
		Observers: httpapi.ShapeObservers(x.state.Snapshot(), c),
	}
	own := catalog.EqualFold(c.Node, x.cfg.Load().NodeName)
	now, ok := x.observer.Standing(c)
	if own {
		now, ok = x.store.Standing(c.ID)
	}
	if !ok {
		return out
	}
	out.Transitions = httpapi.ShapeTransitions(now.Transitions)
	// A verdict that is still on its way to the catalog, or is not that of most observers, is not the one answered from.
	if now.Status == c.Status {
		out.Since, out.OrBefore = &now.Since, now.OrBefore
		if own {
			out.Output = now.Output
		}
	}
	return out
}
