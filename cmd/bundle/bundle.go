// Package bundle gathers what helps others to understand an agent, as a .tar.gz without secrets.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"muster/catalog/httpapi"
	"muster/cmd/doctor"
)

// Config says what to gather.
type Config struct {
	Agent    *httpapi.Client
	Version  string        // of the program that gathers
	Duration time.Duration // how long the log is listened to, and metrics are read
	Interval time.Duration // from one reading of metrics to the next
	Captures []string      // what to gather, of [Captures]; empty: everything
	Name     string        // of the directory that all files are in
}

// maxRounds bounds the readings of metrics.
const maxRounds = 3600

// Validate finds what cannot be done. It names flags.
func (c *Config) Validate() error {
	for _, name := range c.Captures {
		if !slices.Contains(Captures(), name) {
			return fmt.Errorf("-capture %q is none of %s", name, some(Captures()))
		}
	}
	switch {
	case c.Interval < time.Second:
		return fmt.Errorf("-interval %v is under a second", c.Interval)
	case c.Duration < c.Interval:
		return fmt.Errorf("-duration %v is under -interval, %v", c.Duration, c.Interval)
	case c.Duration/c.Interval > maxRounds:
		return fmt.Errorf("-duration %v is more than %d times -interval, %v", c.Duration, maxRounds, c.Interval)
	}
	return nil
}

func (c *Config) wants(capture string) bool {
	return len(c.Captures) == 0 || slices.Contains(c.Captures, capture)
}

// Collect writes a bundle to w. It ends after the duration, or when ctx does: what there is by
// then is in the bundle, and the index tells that it was interrupted. The error is that
// the agent does not answer at all, and nothing was written, or that w failed.
func Collect(ctx context.Context, w io.Writer, cfg Config) (Index, error) {
	self, err := cfg.Agent.Self(ctx)
	if err != nil {
		return Index{}, err
	}
	g := &gathering{cfg: cfg, out: newWriter(w, cfg.Name), profiled: self.DebugConfig["EnableDebug"] == true}
	g.index.about(self, &cfg)
	during, end := context.WithCancelCause(ctx)
	defer end(nil)
	g.out.failed = func(err error) { end(err) } // nothing more is of use
	g.gather(during)
	g.index.Ended = time.Now().UTC()
	g.index.Interrupted = ctx.Err() != nil
	slices.SortStableFunc(g.index.Captures, Captured.compare)
	return g.index, errors.Join(g.out.index(&g.index), g.out.close())
}

// gathering is a bundle that is being made.
type gathering struct {
	cfg      Config
	out      *writer
	profiled bool // the agent gives profiles

	mu    sync.Mutex
	index Index
}

// gather captures everything that is wanted, side by side where it takes time.
func (g *gathering) gather(ctx context.Context) {
	var work sync.WaitGroup
	if g.cfg.wants("logs") {
		work.Go(func() { g.logs(ctx) })
	}
	if g.cfg.wants("doctor") {
		work.Go(func() { g.doctor(ctx) })
	}
	if g.cfg.wants("pprof") && !g.profiled {
		g.note(Captured{Capture: "pprof", At: time.Now().UTC(), Error: "the agent gives no profiles: enable_debug is not set"})
	}
	for _, s := range sources {
		if s.when == during {
			work.Go(func() { g.fetch(ctx, s, s.file) })
		}
	}
	for _, s := range sources {
		if s.when == once {
			g.fetch(ctx, s, s.file)
		}
	}
	g.rounds(ctx)
	work.Wait()
}

// rounds captures what is captured again and again.
func (g *gathering) rounds(ctx context.Context) {
	if !g.cfg.wants("metrics") && (!g.cfg.wants("pprof") || !g.profiled) {
		return
	}
	began := time.Now()
	for i := 0; ; i++ {
		for _, s := range sources {
			if s.when == always {
				g.fetch(ctx, s, fmt.Sprintf("%04d/%s", i, s.file))
			}
		}
		next := began.Add(time.Duration(i+1) * g.cfg.Interval)
		if next.After(began.Add(g.cfg.Duration)) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
	}
}

// fetch captures one source, if it is wanted.
func (g *gathering) fetch(ctx context.Context, s source, file string) {
	if !g.cfg.wants(s.capture) || s.profile && !g.profiled {
		return
	}
	g.capture(ctx, s.capture, file, func() ([]byte, bool, error) {
		a, err := g.cfg.Agent.Raw(ctx, s.path, s.query(&g.cfg), maxFile)
		if err != nil || s.clean == nil {
			return a.Body, a.Cut, err
		}
		clean, err := s.clean(a.Body)
		return clean, a.Cut, err
	})
}

// capture runs one capture, puts what it gives into the bundle and notes it.
func (g *gathering) capture(ctx context.Context, name, file string, take func() (data []byte, cut bool, err error)) {
	if ctx.Err() != nil {
		return
	}
	c := Captured{Capture: name, File: file, At: time.Now().UTC()}
	began := time.Now()
	data, cut, err := take()
	c.Took, c.Bytes, c.Cut = time.Since(began).Round(time.Millisecond).String(), len(data), cut
	if len(data) > 0 {
		err = errors.Join(err, g.out.add(file, data))
	}
	if len(data) == 0 {
		c.File = ""
	}
	if err != nil {
		c.Error = text(err.Error())
	}
	g.note(c)
}

func (g *gathering) note(c Captured) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.index.Captures = append(g.index.Captures, c)
}

// doctor captures what the doctor finds.
func (g *gathering) doctor(ctx context.Context) {
	g.capture(ctx, "doctor", "doctor.json", func() ([]byte, bool, error) {
		found := doctor.Examine(ctx, doctor.Patient{Agent: g.cfg.Agent, Version: g.cfg.Version})
		data, err := encode(found)
		if err == nil {
			data, err = cleanJSON(data) // findings may quote an error, or a line of the configuration
		}
		return data, false, err
	})
}
