package agent

import (
	"crypto/tls"

	"muster/consensus/certs"
)

// TLS is the certificates of the two doors that can have them. Role, datacenter
// and domain are filled in by [Config.RPCCerts] and [Config.HTTPSCerts].
type TLS struct {
	RPC   certs.Config // the server port: raft and rpc, both ways
	HTTPS certs.Config // the HTTP API over TLS
}

func defaultTLS() TLS {
	return TLS{RPC: certs.Config{MinVersion: tls.VersionTLS12}, HTTPS: certs.Config{MinVersion: tls.VersionTLS12}}
}

// RPCCerts returns the complete certificates of the server port, for servers to
// answer with and for every agent to dial with. They may be off.
func (c *Config) RPCCerts() certs.Config { return c.owned(c.TLS.RPC) }

// HTTPSCerts returns the complete certificates of HTTPS; they are on when its port is.
func (c *Config) HTTPSCerts() certs.Config { return c.owned(c.TLS.HTTPS) }

func (c *Config) owned(d certs.Config) certs.Config {
	d.Server, d.Datacenter, d.Domain = c.Server, c.Datacenter, c.DNS.Domain
	return d
}

// tlsKeys are the keys of TLS: Consul's tls tables, and those it had before them.
type tlsKeys struct {
	tlsTable
	tlsOutward
	VerifyIncomingRPC   *bool `key:"verify_incoming_rpc"`
	VerifyIncomingHTTPS *bool `key:"verify_incoming_https"`

	TLS struct {
		Defaults tlsBoth  `key:"defaults"`
		RPC      tlsBoth  `key:"internal_rpc"`
		HTTPS    tlsTable `key:"https"`
	} `key:"tls"`
}

type tlsBoth struct {
	tlsTable
	tlsOutward
}

type tlsTable struct {
	CAFile         *string `key:"ca_file"`
	CAPath         *string `key:"ca_path"`
	CertFile       *string `key:"cert_file"`
	KeyFile        *string `key:"key_file"`
	VerifyIncoming *bool   `key:"verify_incoming"`
	MinVersion     *string `key:"tls_min_version"`
}

type tlsOutward struct {
	VerifyOutgoing       *bool `key:"verify_outgoing"`
	VerifyServerHostname *bool `key:"verify_server_hostname"`
}

func (b *builder) tls(k *tlsKeys) {
	def := &k.TLS.Defaults
	rpc := newDoor("tls.internal_rpc.", &b.cfg.TLS.RPC)
	rpc.inward(&k.TLS.RPC.tlsTable, "verify_incoming_rpc", k.VerifyIncomingRPC, &def.tlsTable, &k.tlsTable)
	rpc.outward(&k.TLS.RPC.tlsOutward, &def.tlsOutward, &k.tlsOutward)
	b.minVersion(rpc)
	b.judgeDoor(rpc)
	if rpc.VerifyIncoming && !rpc.VerifyOutgoing && !rpc.VerifyServerHostname {
		b.warn(rpc.from["verify_incoming"] + " without verify_outgoing: this agent refuses plain text, and speaks it to servers")
	}
	b.doors = append(b.doors, rpc)

	https := newDoor("tls.https.", &b.cfg.TLS.HTTPS)
	https.inward(&k.TLS.HTTPS, "verify_incoming_https", k.VerifyIncomingHTTPS, &def.tlsTable, &k.tlsTable)
	b.minVersion(https)
	if b.cfg.Ports.HTTPS < 0 {
		return // what is not served may lack something
	}
	b.judgeDoor(https)
	if https.CertFile == "" && https.KeyFile == "" && !b.brokenTLS() {
		b.problem("ports.https", "needs a certificate: set cert_file and key_file, in tls.https or tls.defaults")
	}
	b.doors = append(b.doors, https)
}
