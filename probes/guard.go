package probes

import (
	"net"
	"net/netip"
	"syscall"
)

// guard tells why the probes of a Runner must not send to an address; see [Config.Allow]. Nil: they may send to any.
type guard func(netip.Addr) error

// refusal is why an address was not sent to. A probe that meets it has seen nothing of its target.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

func (g guard) allow(a netip.Addr) error {
	if g == nil {
		return nil
	}
	if err := g(a.Unmap().WithZone("")); err != nil {
		return &refusal{err}
	}
	return nil
}

// dialer asks for every address that a name leads to, when it is about to be connected
// to: names, redirects and answers that change between two look-ups make no way around it.
func (g guard) dialer() *net.Dialer {
	if g == nil {
		return &net.Dialer{}
	}
	return &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return &refusal{err}
		}
		return g.allow(at.Addr())
	}}
}
