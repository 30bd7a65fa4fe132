package agent

import "crypto/tls"

// TLS is the certificates of the doors that can have them.
type TLS struct {
	RPC   Door // the server port: raft and rpc
	HTTPS Door
}

// Door is the certificates that one door shows and asks for.
type Door struct {
	CAFile   string // PEM; whoever signs those of others
	CAPath   string // a directory of such files
	CertFile string // PEM; empty: none
	KeyFile  string // PEM; the key to it

	VerifyIncoming bool // who comes must show a certificate that the CA signed
	VerifyOutgoing bool // use TLS towards others, and hold their certificates against the CA
	// VerifyServerHostname demands server.<datacenter>.<domain> of servers.
	VerifyServerHostname bool
	MinVersion           uint16 // tls.VersionTLS12 or later
}

// On reports whether the door has a certificate to show.
func (d *Door) On() bool { return d.CertFile != "" }

func defaultTLS() TLS {
	return TLS{RPC: Door{MinVersion: tls.VersionTLS13}, HTTPS: Door{MinVersion: tls.VersionTLS12}}
}
