package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secureAgent answers over TLS with the leader's address to whoever shows a
// certificate. Files cert, key and ca/cert of the directory hold its own.
func secureAgent(t *testing.T) (addr, dir string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `["%d certificates"]`, len(r.TLS.PeerCertificates))
	}))
	srv.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	dir = t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(srv.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "ca"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert": {Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}, "ca/cert": {Type: "CERTIFICATE", Bytes: srv.Certificate().Raw},
		"key": {Type: "PRIVATE KEY", Bytes: key}, "nothing": {Type: "NOTHING"},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return srv.URL, dir
}

func TestTLSDoor(t *testing.T) {
	addr, dir := secureAgent(t)
	bare := strings.TrimPrefix(addr, "https://")
	for _, tc := range []struct {
		flags  string // DIR is the directory
		env    map[string]string
		code   int
		stdout string
		stderr string // a part of it
	}{
		{"-http-addr ADDR -ca-file DIR/cert", nil, 0, "0 certificates\n", ""},
		{"-http-addr ADDR -ca-path DIR/ca -client-cert DIR/cert -client-key DIR/key", nil, 0, "1 certificates\n", ""},
		{"-http-addr ADDR -ca-file DIR/cert -tls-server-name example.com", nil, 0, "0 certificates\n", ""},
		{"", map[string]string{"MUSTER_HTTP_ADDR": bare, "CONSUL_HTTP_SSL": "true", "CONSUL_CACERT": "DIR/cert", "MUSTER_CLIENT_CERT": "DIR/cert", "CONSUL_CLIENT_KEY": "DIR/key"}, 0, "1 certificates\n", ""},
		{"-http-addr ADDR", map[string]string{"CONSUL_HTTP_SSL_VERIFY": "false"}, 0, "0 certificates\n", ""},

		{"-http-addr ADDR", nil, 1, "", "name its authority with -ca-file or MUSTER_CACERT"},
		{"-http-addr ADDR -ca-file DIR/cert -tls-server-name other.test", nil, 1, "", "-tls-server-name)"},
		{"-ca-file DIR/none", nil, 1, "", "-ca-file: open "},
		{"-ca-file DIR/nothing", nil, 1, "", "-ca-file: no certificate is in there"},
		{"-ca-path DIR/none", nil, 1, "", "-ca-path: open "},
		{"-client-cert DIR/cert", nil, 2, "", "-client-cert and -client-key: neither is of use alone"},
		{"-client-cert DIR/key -client-key DIR/key", nil, 1, "", "-client-cert, -client-key: "},
		{"", map[string]string{"CONSUL_HTTP_SSL": "perhaps"}, 2, "", `CONSUL_HTTP_SSL: "perhaps" is neither true nor false`},
		{"", map[string]string{"MUSTER_HTTP_SSL_VERIFY": "x"}, 2, "", `MUSTER_HTTP_SSL_VERIFY: "x" is neither`},
	} {
		fill := strings.NewReplacer("DIR", dir, "ADDR", addr)
		args := []string{"catalog", "datacenters"}
		for flag := range strings.FieldsSeq(tc.flags) {
			args = append(args, fill.Replace(flag))
		}
		for name, value := range tc.env {
			tc.env[name] = fill.Replace(value)
		}
		stdout, stderr, code := command(t, "", tc.env, args...)
		if code != tc.code || stdout != tc.stdout || !strings.Contains(stderr, tc.stderr) || (stderr == "") != (code == 0) {
			t.Errorf("%s %v: exit code %d, stdout %q, stderr %q", tc.flags, tc.env, code, stdout, stderr)
		}
	}
}
