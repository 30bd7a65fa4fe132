//go:build linux

// Command lag runs three servers and two clients as processes and measures how long
// after its commit at the leader a change shows in the DNS of each of the five.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"muster/contrib/cluster/fleet"
	"muster/contrib/percentile"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "lag:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	muster := flag.String("muster", "muster", "the program to run")
	prefix := flag.String("net", "127.8.8", "the first three numbers of all addresses")
	changes := flag.Int("changes", 1000, "how many changes to make")
	flag.Parse()
	dir, err := os.MkdirTemp("", "muster-lag")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := fleet.New(fleet.Options{Muster: *muster, Dir: dir, Net: *prefix, Servers: 3, Clients: 2})
	defer func() {
		if killed := c.KillAll(); err == nil {
			err = killed
		}
	}()
	if err := c.Start(ctx); err != nil {
		return err
	}
	leader, err := c.Leader(ctx)
	if err != nil {
		return err
	}
	took := make([][]time.Duration, len(c.Agents))
	for n := range *changes {
		if err := change(ctx, c, leader, n, took); err != nil {
			return err
		}
	}
	for i, a := range c.Agents {
		all := took[i]
		slices.Sort(all)
		role := ""
		if a == leader {
			role = " (leads)"
		}
		fmt.Printf("%s%s: %d changes, p50 %v, p99 %v, most %v\n", a.Name, role, len(all), percentile.Of(all, 50), percentile.Of(all, 99), percentile.Of(all, 100))
	}
	return nil
}

// change registers a service that is new, and takes the time from the leader's word
// that it is committed to the first answer of each agent that has it.
func change(ctx context.Context, c *fleet.Cluster, leader *fleet.Agent, n int, took [][]time.Duration) error {
	name := fmt.Sprintf("lag%d", n)
	seen, errs := make([]time.Time, len(c.Agents)), make([]error, len(c.Agents))
	var asking sync.WaitGroup
	for i, a := range c.Agents {
		asking.Go(func() { seen[i], errs[i] = await(a, name+".service.consul") })
	}
	body := map[string]any{"Node": "elsewhere", "Address": "192.0.2.1", "Service": map[string]any{"Service": name}}
	err := c.Call(ctx, leader, "PUT", "/v1/catalog/register", body, nil)
	committed := time.Now()
	asking.Wait()
	for i, at := range seen {
		if err == nil {
			err = errs[i]
		}
		took[i] = append(took[i], max(0, at.Sub(committed)))
	}
	return err
}

// await asks one agent over and over until it has records, and returns when it had.
func await(a *fleet.Agent, name string) (time.Time, error) {
	conn, err := net.Dial("udp", a.DNS())
	if err != nil {
		return time.Time{}, err
	}
	defer conn.Close()
	for id, deadline := uint16(1), time.Now().Add(10*time.Second); time.Now().Before(deadline); id++ {
		answer, err := fleet.AskOn(conn, id, name, time.Second)
		if err != nil {
			return time.Time{}, fmt.Errorf("%s: %w", a.Name, err)
		}
		if answer == fleet.Found {
			return time.Now(), nil
		}
		<-time.After(200 * time.Microsecond)
	}
	return time.Time{}, fmt.Errorf("%s never had %s", a.Name, name)
}
