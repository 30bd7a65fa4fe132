package doctor

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"muster/cmd/terminal"
	"muster/consensus/certs"
)

// door is a port with certificates.
type door struct {
	name string // as people call it
	// used is when the agent's certificate, or what vouches for it, expires; zero: it uses none, or does not run.
	used time.Time
	// filed is the same of the files; zero: they name none, or are not known.
	filed    time.Time
	broken   error // why the files cannot be used
	warnings []string
}

func lookAtCertificates(_ context.Context, c *chart) []Finding {
	server, https := door{name: "server port"}, door{name: "https"}
	for _, d := range []struct {
		*door
		stat string
	}{{&server, "server_port_expires"}, {&https, "https_expires"}} {
		if text := c.stat("tls", d.stat); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return fail("", "%s: the agent tells %q for when its certificate expires", d.name, text)
			}
			d.used = at
		}
	}
	if c.cfg != nil {
		server.open(c.cfg.RPCCerts())
		if len(c.cfg.HTTPSListen()) > 0 {
			https.open(c.cfg.HTTPSCerts())
		}
	}
	return judgeDoors([]door{server, https}, time.Now())
}

// open reads the files that a door's settings name.
func (d *door) open(cfg certs.Config) {
	if !cfg.On() {
		return
	}
	store, err := certs.New(cfg)
	if err != nil {
		d.broken = err
		return
	}
	d.filed, d.warnings = store.Expiry(), store.Warnings()
}

const (
	soon    = 30 * 24 * time.Hour // a certificate that expires by then is warned of
	tooSoon = 3 * 24 * time.Hour  // and is a failure by then
	dayForm = "2006-01-02"
)

func judgeDoors(doors []door, now time.Time) []Finding {
	var out []Finding
	for _, d := range doors {
		out = append(out, d.judge(now)...)
	}
	if len(out) == 0 {
		return ok("none are in use: the server port speaks plain text")
	}
	return out
}

func (d door) judge(now time.Time) []Finding {
	const renew = "make new ones (`muster tls cert create`), put them in place of the old files, `muster reload`"
	var out []Finding
	for _, w := range d.warnings {
		out = append(out, warn("", "%s: %s", d.name, w)...)
	}
	if errors.Is(d.broken, fs.ErrPermission) { // a key is for the agent's user alone, who may read it
		out = append(out, warn("run doctor as root, or as the agent's user", "%s: the files cannot be looked at: %v", d.name, d.broken)...)
		d.broken = nil
	}
	at := d.used
	switch {
	case d.broken != nil:
		return append(out, fail("put that right before the next restart or reload", "%s: %v", d.name, d.broken)...)
	case at.IsZero():
		at = d.filed
	case d.filed.After(d.used):
		out = append(out, warn("`muster reload`", "%s: the files hold newer certificates than the agent uses", d.name)...)
	}
	if at.IsZero() {
		return out
	}
	left := at.Sub(now)
	day := at.UTC().Format(dayForm)
	switch {
	case left <= 0:
		return append(out, fail(renew, "%s: expired on %s", d.name, day)...)
	case left < tooSoon:
		return append(out, fail(renew, "%s: expires in %s, on %s", d.name, left.Round(time.Minute), day)...)
	case left < soon:
		return append(out, warn(renew, "%s: expires on %s, in %s", d.name, day, terminal.Count(int(left.Hours()/24), "day"))...)
	}
	return append(out, ok("%s: until %s", d.name, day)...)
}
