package gossip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// joinWidth is how many addresses are tried at a time.
const joinWidth = 8

// ErrOnlySelf is in the error of a Join that was given no address but this agent's own.
var ErrOnlySelf = errors.New("every address is this agent's own")

// Join meets the agents at the given addresses, and through them all others of
// their pool. An address is a host, host:port, an IPv4 address or an IPv6 one, which
// needs brackets before a port; a name stands for all its addresses; without a port this pool's own is
// meant. It returns how many answered, and an error, which joins those of the single
// addresses, if none did. This agent's own address is passed over. An ErrNameTaken
// is for the operator: somebody else has this agent's name, or its id.
func (p *Pool) Join(ctx context.Context, addrs []string) (int, error) {
	list := p.running()
	if list == nil {
		return 0, errNotRunning
	}
	targets, errs := p.resolve(ctx, addrs)
	targets = slices.DeleteFunc(targets, p.own)
	if len(targets) == 0 && len(errs) == 0 {
		return 0, fmt.Errorf("gossip: join: %w", ErrOnlySelf)
	}
	var mu sync.Mutex
	met := 0
	done := make(chan struct{})
	gate := make(chan struct{}, joinWidth)
	var tries sync.WaitGroup
	for _, t := range targets {
		tries.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			if ctx.Err() != nil {
				return
			}
			err := p.contact(list, t)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			} else {
				met++
			}
		})
	}
	if !p.launch(func() { tries.Wait(); close(done) }) {
		tries.Wait() // they fail at once
		return 0, errNotRunning
	}
	select {
	case <-done:
	case <-ctx.Done(): // tries under way go on for their own time
	}
	mu.Lock()
	defer mu.Unlock()
	if met > 0 {
		return met, nil
	}
	if ctx.Err() != nil {
		errs = append(errs[:len(errs):len(errs)], ctx.Err())
	}
	return 0, fmt.Errorf("gossip: join: %w", errors.Join(errs...))
}

// JoinForever joins whatever addrs gives at each try until somebody has answered.
// It waits for interval between tries, gives up after limit of them (0: never) and
// logs the first failure and then one every ten seconds. A name that is taken is
// no reason to give up: its holder may be this host's former agent, just killed.
func (p *Pool) JoinForever(ctx context.Context, addrs func() []string, interval time.Duration, limit int) error {
	for try := 1; ; try++ {
		n, err := p.Join(ctx, addrs())
		if err == nil {
			p.report.report(slog.LevelInfo, "joined", "answered", n, "tries", try)
			return nil
		}
		if ctx.Err() != nil || errors.Is(err, errNotRunning) {
			return err
		}
		if limit > 0 && try >= limit {
			return fmt.Errorf("gave up after %d tries: %w", try, err)
		}
		level := slog.LevelWarn
		switch {
		case errors.Is(err, ErrOnlySelf): // the first of a cluster, for which nobody can be there
			level = slog.LevelDebug
		case try == 1 && !errors.Is(err, ErrNameTaken): // agents that are started together miss one another at first
			level = slog.LevelInfo
		}
		p.report.seldom("join", level, "cannot join yet", "try", try, "again_in", interval, "error", err)
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return ctx.Err()
		case <-p.ctx.Done():
			return errNotRunning
		}
	}
}

// contact exchanges all that is known with the agent at an address.
func (p *Pool) contact(list *memberlist.Memberlist, at netip.AddrPort) error {
	_, err := list.Join([]string{at.String()})
	if err == nil {
		return nil
	}
	// memberlist makes a list of one and flattens it to text.
	text := strings.TrimPrefix(strings.Join(strings.Fields(err.Error()), " "), "1 error occurred: * ")
	if strings.Contains(text, ErrNameTaken.Error()) {
		return fmt.Errorf("%w: %s", ErrNameTaken, text)
	}
	return errors.New(text)
}

// own tells of an address that is this agent's.
func (p *Pool) own(a netip.AddrPort) bool { return a == p.at || a == p.bound }

// resolve finds the addresses meant, each once, and the errors of those that have none.
func (p *Pool) resolve(ctx context.Context, addrs []string) (found []netip.AddrPort, errs []error) {
	add := func(a netip.Addr, port uint16) {
		if at := netip.AddrPortFrom(a.Unmap(), port); !slices.Contains(found, at) {
			found = append(found, at)
		}
	}
	for _, s := range addrs {
		host, port, err := splitAddress(s, p.bound.Port())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if a, err := netip.ParseAddr(host); err == nil {
			add(a, port)
			continue
		}
		ips, err := p.cfg.Resolve(ctx, host)
		if err == nil && len(ips) == 0 {
			err = errors.New("has no address")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s, err))
		}
		for _, a := range ips {
			add(a, port)
		}
	}
	return found, errs
}

// splitAddress takes host, host:port, an IPv6 address or [IPv6]:port apart.
func splitAddress(s string, defaultPort uint16) (string, uint16, error) {
	s = strings.TrimSpace(s)
	if bare := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"); bare != "" {
		if _, err := netip.ParseAddr(bare); err == nil {
			return bare, defaultPort, nil
		}
	}
	if s == "" {
		return "", 0, errors.New("an address to join is empty")
	}
	if !strings.ContainsAny(s, ":[]") {
		return s, defaultPort, nil
	}
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("address %q: %w", s, err)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || host == "" {
		return "", 0, fmt.Errorf("address %q is not host:port", s)
	}
	return host, uint16(port), nil
}

// rejoinEnough is how many of the members known from before must answer: they know of the others.
const rejoinEnough = 3

// rejoin looks for the members that were alive when this agent last ran.
func (p *Pool) rejoin() {
	list := p.running()
	var known []netip.AddrPort
	for _, m := range p.book.list() {
		if m.Remembered {
			known = append(known, netip.AddrPortFrom(m.Addr, m.Port))
		}
	}
	if list == nil || len(known) == 0 {
		return
	}
	rand.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	met := 0
	for group := range slices.Chunk(known, joinWidth) {
		ctx, cancel := context.WithTimeout(p.ctx, p.cfg.Timing.StreamTimeout)
		var texts []string
		for _, a := range group {
			texts = append(texts, a.String())
		}
		n, err := p.Join(ctx, texts)
		cancel()
		if met += n; met >= rejoinEnough || p.ctx.Err() != nil {
			break
		}
		if err != nil {
			p.report.report(slog.LevelDebug, "members known from before do not answer", "error", err)
		}
	}
	p.report.report(slog.LevelInfo, "looked for members known from before", "known", len(known), "answered", met)
}
