package main

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// ask looks every service up once and wants the right number of addresses.
func ask(o options) (int, error) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, o.dns)
	}}
	var next atomic.Int64
	return each(o.clients, func(int) (int, error) {
		for done := 0; ; done++ {
			n := int(next.Add(1)) - 1
			if n >= o.set.Services {
				return done, nil
			}
			if err := lookUp(resolver, o.set.QName(n)+".", o.set.Each); err != nil {
				return done, err
			}
		}
	})
}

func lookUp(resolver *net.Resolver, name string, want int) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	got, err := resolver.LookupNetIP(ctx, "ip4", name)
	if err != nil {
		return err
	}
	if len(got) != want {
		return fmt.Errorf("%s has %d addresses, want %d", name, len(got), want)
	}
	return nil
}
