package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/resolver"
)

func (s *shell) resolverApply(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	h, p, err := s.makePlan(c)
	if err != nil {
		return err
	}
	at, err := listens(c, p.Resolver, p.Port53)
	if err != nil {
		return err
	}
	if c.Bool("dry-run") {
		printPlan(s.stdout, p)
		return nil
	}
	if p.guessed && p.Refused == "" && slices.ContainsFunc(p.Files, func(f resolver.File) bool { return f.Action == resolver.Replace || f.Action == resolver.Remove }) {
		// What is in place was most likely an agent's word.
		return errors.New("no agent answers, and what muster wrote here before differs from the defaults: start the agent, or give both -domain and -dns-addr")
	}
	ctx, stop := untilHangup(c)
	defer stop()
	changed, said, err := p.Apply(ctx, h, resolver.Run)
	if err != nil {
		printSteps(s.stderr, p.Steps)
		if refused, ok := errors.AsType[*resolver.RefusedError](err); ok {
			refused.Why = printable(refused.Why) // a checker shows lines of any file
		}
		return err
	}
	for _, f := range p.Files {
		say(s.stdout, "%s %s\n", done(f.Action), f.Path)
	}
	if changed {
		for _, line := range append(said, p.Notes...) {
			say(s.stdout, "Note: %s.\n", line)
		}
	}
	if !h.Live() {
		return nil
	}
	if changed {
		did, err := resolver.Reload(ctx, h, p.Resolver, resolver.Run)
		if err != nil {
			return fmt.Errorf("the files are written, but not read yet: %w; then run \"%s resolver check\"", err, s.program)
		}
		fmt.Fprintln(s.stdout, did)
	}
	return s.checkUntilGood(ctx, h, p.Plan, at)
}

// untilHangup is a context that ends when the user has enough, or goes: what is written is then taken back,
// unless it was judged.
func untilHangup(c *cli.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

// done is an action in the past.
func done(a resolver.Action) string {
	return map[resolver.Action]string{
		resolver.Write: "wrote", resolver.Replace: "replaced", resolver.Keep: "in place:", resolver.Remove: "removed",
	}[a]
}

const (
	checkFor   = 10 * time.Second // a resolver that was restarted may take this long
	checkEvery = 250 * time.Millisecond
)

// checkUntilGood checks until all is well, or the time is up, and shows the last report.
func (s *shell) checkUntilGood(parent context.Context, h *resolver.Host, p *resolver.Plan, at netip.AddrPort) error {
	ctx, cancel := context.WithTimeout(parent, checkFor)
	defer cancel()
	again := time.NewTicker(checkEvery)
	defer again.Stop()
	for {
		report, err := checker(h, nil).Check(parent, &p.Target, p.Resolver, at, resolver.DefaultName(p.Zones[0]))
		if err != nil {
			return err
		}
		if !report.OK && report.Hops[0].OK {
			select {
			case <-again.C:
				continue
			case <-ctx.Done():
			}
		}
		if parent.Err() != nil {
			return fmt.Errorf("the files are in place, but not checked: %w", context.Cause(parent))
		}
		printReport(s.stdout, report)
		if !report.OK {
			return errNothing
		}
		return nil
	}
}

func (s *shell) resolverUndo(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	h, err := host(c)
	if err != nil {
		return err
	}
	files, err := resolver.PlanUndo(h, resolver.Kind(c.String("with")))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		fmt.Fprintln(s.stdout, "There is nothing that muster wrote.")
		return nil
	}
	if c.Bool("dry-run") {
		for _, f := range files {
			say(s.stdout, "%s %s%s\n", f.Action, f.Path, because(f.Why))
		}
		return nil
	}
	ctx, stop := untilHangup(c)
	defer stop()
	return s.undo(ctx, h, files)
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// undo removes files, and has each program that read some read again.
func (s *shell) undo(ctx context.Context, h *resolver.Host, files []resolver.Undoing) error {
	var failed error
	touched := map[resolver.Kind]bool{}
	for _, f := range files {
		if ctx.Err() != nil {
			failed = errors.Join(failed, fmt.Errorf("%s is still there: %w", f.Path, context.Cause(ctx)))
			continue
		}
		if err := h.Undo(f); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		say(s.stdout, "%s %s\n", done(f.Action), f.Path)
		touched[f.Resolver] = true
	}
	for _, k := range resolver.Kinds() {
		if !touched[k] || !h.Live() {
			continue
		}
		did, err := resolver.Reload(ctx, h, k, resolver.Run)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("the files are gone, but not forgotten yet: %w", err))
			continue
		}
		fmt.Fprintln(s.stdout, did)
	}
	return failed
}
