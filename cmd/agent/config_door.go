package agent

import (
	"os"

	"muster/consensus/certs"
)

// door is a door's certificates in the making, and which key each setting came from.
type door struct {
	*certs.Config
	version string            // tls_min_version as written; empty: the default
	table   string            // its own keys' table, such as "tls.https."
	from    map[string]string // key by setting; none for those that no file sets
}

func newDoor(table string, to *certs.Config) *door {
	return &door{Config: to, table: table, from: map[string]string{}}
}

// take takes a setting from the nearest place that has it: the door's own table,
// the one for all doors, or the keys that Consul had before there were tables.
func take[T any](d *door, to *T, setting string, own, defaults, former *T) {
	switch {
	case own != nil:
		*to, d.from[setting] = *own, d.table+setting
	case defaults != nil:
		*to, d.from[setting] = *defaults, "tls.defaults."+setting
	case former != nil:
		*to, d.from[setting] = *former, setting
	}
}

// inward takes what a door needs for those who come. alone is a former key that
// speaks of this door's verify_incoming only, so it goes before those for all.
func (d *door) inward(own *tlsTable, alone string, verify *bool, defaults, former *tlsTable) {
	take(d, &d.CAFile, "ca_file", own.CAFile, defaults.CAFile, former.CAFile)
	take(d, &d.CAPath, "ca_path", own.CAPath, defaults.CAPath, former.CAPath)
	take(d, &d.CertFile, "cert_file", own.CertFile, defaults.CertFile, former.CertFile)
	take(d, &d.KeyFile, "key_file", own.KeyFile, defaults.KeyFile, former.KeyFile)
	take(d, &d.VerifyIncoming, "verify_incoming", own.VerifyIncoming, defaults.VerifyIncoming, former.VerifyIncoming)
	if own.VerifyIncoming == nil && verify != nil {
		d.VerifyIncoming, d.from["verify_incoming"] = *verify, alone
	}
	take(d, &d.version, "tls_min_version", own.MinVersion, defaults.MinVersion, former.MinVersion)
}

// outward takes what is needed to go to others.
func (d *door) outward(own, defaults, former *tlsOutward) {
	take(d, &d.VerifyOutgoing, "verify_outgoing", own.VerifyOutgoing, defaults.VerifyOutgoing, former.VerifyOutgoing)
	take(d, &d.VerifyServerHostname, "verify_server_hostname", own.VerifyServerHostname, defaults.VerifyServerHostname, former.VerifyServerHostname)
}

// minVersion reads a door's tls_min_version.
func (b *builder) minVersion(d *door) {
	switch version, err := certs.ParseVersion(d.version); {
	case err != nil:
		b.problemOnce(d.from["tls_min_version"], "%v", err)
	case version != 0:
		d.MinVersion = version
	}
}

// judgeDoor finds settings of a door that lack another one.
func (b *builder) judgeDoor(d *door) {
	hasCA := d.CAFile != "" || d.CAPath != ""
	for _, r := range []struct {
		setting string // which needs
		on      bool
		lacks   bool
		what    string
	}{
		{"cert_file", d.CertFile != "", d.KeyFile == "", "key_file"},
		{"key_file", d.KeyFile != "", d.CertFile == "", "cert_file"},
		{"verify_incoming", d.VerifyIncoming, !hasCA, "ca_file or ca_path"},
		{"verify_incoming", d.VerifyIncoming, d.CertFile == "" && d.KeyFile == "", "cert_file and key_file"},
		{"verify_outgoing", d.VerifyOutgoing, !hasCA, "ca_file or ca_path"},
		{"verify_server_hostname", d.VerifyServerHostname, !hasCA, "ca_file or ca_path"},
	} {
		if r.on && r.lacks && !b.brokenTLS() {
			b.problemOnce(d.from[r.setting], "needs %s", r.what)
		}
	}
}

// brokenTLS reports whether a setting of TLS could not be read: others may seem to lack it.
func (b *builder) brokenTLS() bool {
	return b.broken("tls") || b.broken("ca_file") || b.broken("ca_path") || b.broken("cert_file") || b.broken("key_file")
}

// doorFiles makes sure that the files are there. What they hold is judged by whoever loads them.
func (b *builder) doorFiles() {
	for _, d := range b.doors {
		for _, f := range []struct{ setting, path string }{
			{"ca_file", d.CAFile}, {"ca_path", d.CAPath}, {"cert_file", d.CertFile}, {"key_file", d.KeyFile},
		} {
			if f.path == "" {
				continue
			}
			file, err := os.Open(f.path)
			if err == nil {
				_ = file.Close() // nothing was written
				continue
			}
			b.problemOnce(d.from[f.setting], "%q cannot be read: %s", f.path, withoutPath(err))
		}
	}
}
