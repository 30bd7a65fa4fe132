package probes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"muster/catalog"
)

// family is how echo requests are made for one version of IP.
type family struct {
	network, any string
	request      icmp.Type
	reply        icmp.Type
	protocol     int // number, as IP has it
}

func familyOf(ip netip.Addr) family {
	if ip.Is4() {
		return family{"udp4", "0.0.0.0", ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply, 1}
	}
	return family{"udp6", "::", ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply, 58}
}

// openICMP readies a check by echo requests. It keeps nothing between probes.
func openICMP(_ *catalog.CheckDefinition, kept *budget) (probe, func()) {
	return func(ctx context.Context, def *catalog.CheckDefinition) Result {
		return probeICMP(ctx, def, kept.guard)
	}, func() {}
}

// probeICMP sends one echo request (ping) over a datagram socket, which needs no
// privilege but the system's leave. The kernel matches replies to sockets.
func probeICMP(ctx context.Context, def *catalog.CheckDefinition, g guard) Result {
	what := "ICMP echo " + def.ICMP
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", def.ICMP)
	if err != nil {
		return failure(ctx, what, err)
	}
	ip := addrs[0].Unmap()
	if err := g.allow(ip); err != nil {
		return failure(ctx, what, err)
	}
	f := familyOf(ip)
	conn, err := icmp.ListenPacket(f.network, f.any)
	if errors.Is(err, os.ErrPermission) {
		err = fmt.Errorf("this system does not let the agent ping (on Linux, net.ipv4.ping_group_range must include its group): %w", err)
		if g != nil { // on behalf of others: another agent may have leave
			err = &refusal{err}
		}
	}
	if err != nil {
		return failure(ctx, what, err)
	}
	defer conn.Close()
	release := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer release()
	sent, mark := time.Now(), fmt.Appendf(nil, "muster %016x", rand.Uint64())
	echo := icmp.Message{Type: f.request, Body: &icmp.Echo{Seq: 1, Data: mark}}
	packet, err := echo.Marshal(nil)
	if err != nil {
		return failure(ctx, what, err)
	}
	if _, err := conn.WriteTo(packet, &net.UDPAddr{IP: ip.AsSlice(), Zone: ip.Zone()}); err != nil {
		return failure(ctx, what, err)
	}
	if err := awaitEcho(conn, f, mark); err != nil {
		return failure(ctx, what, err)
	}
	return Result{catalog.Passing, fmt.Sprintf("%s: answer from %v in %v", what, ip, time.Since(sent).Round(time.Microsecond))}
}

// awaitEcho reads until the reply that carries mark; others are late ones or strangers'.
func awaitEcho(conn *icmp.PacketConn, f family, mark []byte) error {
	buf := make([]byte, 1500)
	for {
		n, _, err := conn.ReadFrom(buf)
		if err != nil {
			return err
		}
		m, err := icmp.ParseMessage(f.protocol, buf[:n])
		if err != nil || m.Type != f.reply {
			continue
		}
		if echo, ok := m.Body.(*icmp.Echo); ok && string(echo.Data) == string(mark) {
			return nil
		}
	}
}
