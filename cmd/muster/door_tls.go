package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"
)

// tlsFlags are the flags of every command that may talk to an agent over TLS.
func tlsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "ca-file", Usage: "trust the authorities in `FILE` (or MUSTER_CACERT, CONSUL_CACERT)", DefaultText: "the system's"},
		&cli.StringFlag{Name: "ca-path", Usage: "trust the authorities in the files of `DIR` (or MUSTER_CAPATH, CONSUL_CAPATH)"},
		&cli.StringFlag{Name: "client-cert", Usage: "show the certificate in `FILE` (or MUSTER_CLIENT_CERT, CONSUL_CLIENT_CERT)"},
		&cli.StringFlag{Name: "client-key", Usage: "the key of -client-cert is in `FILE` (or MUSTER_CLIENT_KEY, CONSUL_CLIENT_KEY)"},
		&cli.StringFlag{Name: "tls-server-name", Usage: "the agent's certificate is for `NAME` (or MUSTER_TLS_SERVER_NAME, CONSUL_TLS_SERVER_NAME)", DefaultText: "the host of -http-addr"},
	}
}

// setting returns a flag's value, or else that of the variable MUSTER_name or
// CONSUL_name, and where it is from.
func (s *shell) setting(c *cli.Context, flag, name string) (value, from string) {
	if value := c.String(flag); value != "" {
		return value, "-" + flag
	}
	for _, name := range []string{"MUSTER_" + name, "CONSUL_" + name} {
		if value := s.env(name); value != "" {
			return value, name
		}
	}
	return "", "-" + flag
}

// switched returns a variable that is true or false, otherwise when neither
// MUSTER_name nor CONSUL_name is set.
func (s *shell) switched(c *cli.Context, name string, otherwise bool) (bool, error) {
	text, from := s.setting(c, "", name)
	if text == "" {
		return otherwise, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, usagef(c, "%s: %q is neither true nor false", from, text)
	}
	return on, nil
}

// tls returns what flags and environment say of TLS.
func (s *shell) tls(c *cli.Context) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	cfg.ServerName, _ = s.setting(c, "tls-server-name", "TLS_SERVER_NAME")
	verify, err := s.switched(c, "HTTP_SSL_VERIFY", true)
	if err != nil {
		return nil, err
	}
	cfg.InsecureSkipVerify = !verify // only ever by the user's own word
	if cfg.RootCAs, err = s.authorities(c); err != nil {
		return nil, err
	}
	cert, certFrom := s.setting(c, "client-cert", "CLIENT_CERT")
	key, keyFrom := s.setting(c, "client-key", "CLIENT_KEY")
	switch {
	case cert == "" && key == "":
		return cfg, nil
	case cert == "" || key == "":
		return nil, usagef(c, "%s and %s: neither is of use alone", certFrom, keyFrom)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", certFrom, keyFrom, err)
	}
	cfg.Certificates = []tls.Certificate{pair}
	return cfg, nil
}

// authorities returns whom to trust, nil for whom the system trusts.
func (s *shell) authorities(c *cli.Context) (*x509.CertPool, error) {
	file, from := s.setting(c, "ca-file", "CACERT")
	files := []string{file}
	if file == "" {
		var dir string
		if dir, from = s.setting(c, "ca-path", "CAPATH"); dir == "" {
			return nil, nil
		}
		var err error
		if files, err = filesIn(dir); err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
	}
	pool := x509.NewCertPool()
	found := false
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		found = pool.AppendCertsFromPEM(text) || found
	}
	if !found {
		return nil, fmt.Errorf("%s: no certificate is in there", from)
	}
	return pool, nil
}

// filesIn lists the files of a directory; links count as what they lead to.
func filesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			out = append(out, name)
		}
	}
	return out, nil
}

// untrusted says what to do about an agent whose certificate does not convince, "" for other errors.
func untrusted(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return " (name its authority with -ca-file or MUSTER_CACERT; its name, if it has another, with -tls-server-name)"
	}
	return ""
}
