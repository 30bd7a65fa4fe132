package agent

import (
	"cmp"
	"encoding/base64"
	"time"

	"muster/consensus/gossip"
)

// Gossip is how agents find one another and learn who is alive.
type Gossip struct {
	Key                Secret // 16, 24 or 32 bytes; nil: gossip is not encrypted
	DisableKeyringFile bool   // the keys are not kept in the data directory
	RejoinAfterLeave   bool   // agents met before are met again after a leave, too
	DisableCoordinates bool   // this agent neither finds out nor tells where in the network it is

	LAN Pool // all agents of this datacenter
	WAN Pool // the servers of all datacenters; of servers alone
}

// Pool is the settings of one gossip pool.
type Pool struct {
	Join          []string      // host, host:port or [ip]:port; a host without one means the pool's own port
	RetryInterval time.Duration // between tries until one of Join has answered
	RetryMax      int           // tries until the agent gives up and ends; 0: no end
	// ReconnectTimeout is how long a failed member is tried again before it is forgotten.
	ReconnectTimeout time.Duration
	Timing           gossip.Timing // complete
}

// minReconnectTimeout keeps members from being forgotten overnight; it is Consul's.
const minReconnectTimeout = 8 * time.Hour

func defaultGossip() Gossip {
	return Gossip{
		LAN: Pool{RetryInterval: 2 * time.Second, ReconnectTimeout: 72 * time.Hour, Timing: gossip.LANTiming()},
		WAN: Pool{RetryInterval: 10 * time.Second, ReconnectTimeout: 72 * time.Hour, Timing: gossip.WANTiming()},
	}
}

type gossipKeys struct {
	Encrypt               *string        `key:"encrypt"`
	EncryptVerifyIncoming *bool          `key:"encrypt_verify_incoming"`
	EncryptVerifyOutgoing *bool          `key:"encrypt_verify_outgoing"`
	DisableKeyringFile    *bool          `key:"disable_keyring_file"`
	ReconnectTimeout      *time.Duration `key:"reconnect_timeout"`
	ReconnectTimeoutWAN   *time.Duration `key:"reconnect_timeout_wan"`
	DisableCoordinates    *bool          `key:"disable_coordinates"`
	GossipLAN             timingTable    `key:"gossip_lan"`
	GossipWAN             timingTable    `key:"gossip_wan"`
}

type timingTable struct {
	GossipNodes    *int           `key:"gossip_nodes"`
	GossipInterval *time.Duration `key:"gossip_interval"`
	ProbeInterval  *time.Duration `key:"probe_interval"`
	ProbeTimeout   *time.Duration `key:"probe_timeout"`
	SuspicionMult  *int           `key:"suspicion_mult"`
	RetransmitMult *int           `key:"retransmit_mult"`
}

func (b *builder) gossip(k *gossipKeys) {
	g := &b.cfg.Gossip
	b.encrypt(k.Encrypt)
	b.encryptVerify("encrypt_verify_incoming", k.EncryptVerifyIncoming)
	b.encryptVerify("encrypt_verify_outgoing", k.EncryptVerifyOutgoing)
	set(&g.DisableKeyringFile, k.DisableKeyringFile)
	set(&g.DisableCoordinates, k.DisableCoordinates)
	b.reconnect(&g.LAN.ReconnectTimeout, "reconnect_timeout", k.ReconnectTimeout)
	b.reconnect(&g.WAN.ReconnectTimeout, "reconnect_timeout_wan", k.ReconnectTimeoutWAN)
	b.timing(&g.LAN.Timing, "gossip_lan.", &k.GossipLAN)
	b.timing(&g.WAN.Timing, "gossip_wan.", &k.GossipWAN)
}

// encrypt reads the key of gossip. No part of it may stand in a message, not even of one that is wrong.
func (b *builder) encrypt(text *string) {
	if text == nil || *text == "" {
		return
	}
	key, err := base64.StdEncoding.DecodeString(*text)
	switch {
	case err != nil:
		b.problem("encrypt", "is not base64, as `muster keygen` prints it")
	case len(key) != 16 && len(key) != 24 && len(key) != 32:
		b.problem("encrypt", "has %d bytes; a key has 16, 24 or 32, and `muster keygen` makes one", len(key))
	default:
		b.cfg.Gossip.Key = key
	}
}

func (b *builder) encryptVerify(key string, on *bool) {
	if on != nil && !*on {
		b.problem(key, "must be true: with a key nothing goes in plain text")
	}
}

func (b *builder) reconnect(to *time.Duration, key string, from *time.Duration) {
	set(to, from)
	if *to < minReconnectTimeout {
		b.problem(key, "%v is under the least, %v", *to, minReconnectTimeout)
	}
}

func (b *builder) timing(to *gossip.Timing, table string, k *timingTable) {
	atLeast(b, &to.GossipNodes, table+"gossip_nodes", k.GossipNodes, 1)
	atLeast(b, &to.GossipInterval, table+"gossip_interval", k.GossipInterval, time.Millisecond)
	atLeast(b, &to.ProbeInterval, table+"probe_interval", k.ProbeInterval, time.Millisecond)
	atLeast(b, &to.ProbeTimeout, table+"probe_timeout", k.ProbeTimeout, time.Millisecond)
	atLeast(b, &to.SuspicionMult, table+"suspicion_mult", k.SuspicionMult, 1)
	atLeast(b, &to.RetransmitMult, table+"retransmit_mult", k.RetransmitMult, 1)
	if to.ProbeTimeout >= to.ProbeInterval {
		key := table + "probe_timeout"
		if k.ProbeTimeout == nil {
			key = table + "probe_interval"
		}
		b.problem(key, "probe_timeout, %v, is not under probe_interval, %v", to.ProbeTimeout, to.ProbeInterval)
	}
}

// atLeast takes over a value that is set, and refuses less than the least.
func atLeast[T cmp.Ordered](b *builder, to *T, key string, from *T, least T) {
	if from == nil {
		return
	}
	if *to = *from; *from < least {
		b.problem(key, "%v is under the least, %v", *from, least)
	}
}
