package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/cmd/bundle"
)

func (s *shell) debugCommand() *cli.Command {
	return &cli.Command{
		Name:  "debug",
		Usage: "gather what helps to understand an agent, without secrets, into a .tar.gz",
		Description: "In it are the agent's settings, members, checks, servers, metrics, log and what doctor finds; with enable_debug profiles, too.\n" +
			"index.json tells what is missing and why. Ctrl-C ends it early, with what there is by then.",
		Flags: agentFlags(
			&cli.DurationFlag{Name: "duration", Value: 30 * time.Second, Usage: "listen to the log, and read metrics, for `TIME`"},
			&cli.DurationFlag{Name: "interval", Value: 10 * time.Second, Usage: "read metrics every `TIME`"},
			&cli.StringFlag{Name: "output", Usage: "write `NAME`.tar.gz, which must not be there yet", DefaultText: "muster-debug-TIME"},
			&cli.StringSliceFlag{Name: "capture", Usage: "gather `WHAT` alone (repeatable): " + strings.Join(bundle.Captures(), ", "), DefaultText: "everything"},
		),
		Action: s.debug,
	}
}

// bundleEnding is what files of bundles end with.
const bundleEnding = ".tar.gz"

func (s *shell) debug(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	name := strings.TrimSuffix(c.String("output"), bundleEnding)
	if name == "" {
		name = "muster-debug-" + time.Now().UTC().Format("20060102T150405Z")
	}
	cfg := bundle.Config{
		Version: readBuildInfo().Version, Name: filepath.Base(name),
		Duration: c.Duration("duration"), Interval: c.Duration("interval"), Captures: c.StringSlice("capture"),
	}
	if err := cfg.Validate(); err != nil {
		return usagef(c, "%v", err)
	}
	var err error
	if cfg.Agent, err = s.agent(c); err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	index, err := s.collect(ctx, name+bundleEnding, cfg)
	if err != nil {
		return err
	}
	for _, e := range index.Errors() {
		fmt.Fprintf(s.stderr, "Warning: %s\n", printable(e))
	}
	how := "Saved"
	if index.Interrupted {
		how = "Interrupted; saved what there was of"
	}
	fmt.Fprintf(s.stdout, "%s debug bundle: %s\n", how, name+bundleEnding)
	return nil
}

// collect writes a bundle to a file that nobody else may read, or leaves none.
func (s *shell) collect(ctx context.Context, file string, cfg bundle.Config) (bundle.Index, error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return bundle.Index{}, fmt.Errorf("-output: %w", err)
	}
	p := s.progress("Gathering", -1)
	index, err := bundle.Collect(ctx, io.MultiWriter(f, p), cfg)
	p.end()
	if err := errors.Join(err, f.Close()); err != nil {
		return index, errors.Join(err, os.Remove(file))
	}
	return index, nil
}
