package gossip

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

var at1, at2 = netip.MustParseAddrPort("10.0.0.1:8301"), netip.MustParseAddrPort("10.0.0.2:8301")

func TestCheckPool(t *testing.T) {
	lan := meta{ID: "i", Datacenter: "dc1"}
	wan := meta{ID: "i", Datacenter: "dc2", WAN: true, Server: true}
	client := wan
	client.Server = false
	for _, tc := range []struct {
		name string
		wan  bool
		who  string
		meta meta
		want string
	}{
		{"own datacenter", false, "n", lan, ""},
		{"other datacenter", false, "n", meta{ID: "i", Datacenter: "dc2"}, `is of datacenter "dc2", this agent is of "dc1"`},
		{"WAN member on the LAN", false, "n.dc2", wan, "port of one datacenter"},
		{"LAN member on the WAN", true, "n", lan, "port of all datacenters"},
		{"server of another datacenter", true, "n.dc2", wan, ""},
		{"client on the WAN", true, "n.dc2", client, "is no server"},
		{"name of another datacenter", true, "n.dc1", wan, "its name is not"},
		{"long name", true, strings.Repeat("n", 128) + ".dc2", wan, ""},
		{"longer name", true, strings.Repeat("n", 254) + ".dc2", wan, "a name that cannot be"},
		{"no name", false, "", lan, "a name that cannot be"},
		{"name with a line break", false, "a\nb", lan, "a name that cannot be"},
	} {
		var got string
		if r := checkPool(tc.wan, "dc1", newcomer{tc.who, at1, tc.meta}); r != nil {
			got = r.Error()
		}
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestCheckHolder(t *testing.T) {
	h := holder{name: "web", id: "one", at: at1}
	for _, tc := range []struct {
		name    string
		who, id string
		at      netip.AddrPort
		refused bool
	}{
		{"itself", "web", "one", at1, false},
		{"itself, moved", "web", "one", at2, false},
		{"same name, other id", "web", "two", at2, true},
		{"same name, other id, same address: its disk was wiped", "web", "two", at1, false},
		{"same id, other name", "db", "one", at2, true},
		{"same id, other name, same address: it was renamed", "db", "one", at1, false},
		{"somebody else", "db", "two", at2, false},
	} {
		r := checkHolder(h, newcomer{tc.who, tc.at, meta{ID: tc.id}})
		if (r != nil) != tc.refused {
			t.Errorf("%s: %v", tc.name, r)
		}
		if r != nil && (!strings.Contains(r.Error(), ErrNameTaken.Error()) || !strings.Contains(r.Error(), "one") || !strings.Contains(r.Error(), tc.id)) {
			t.Errorf("%s: %v does not tell both ids", tc.name, r)
		}
	}
}

func TestConfig(t *testing.T) {
	at := func(bind, advertise string) func(*Config) {
		return func(c *Config) {
			c.Bind = netip.MustParseAddrPort(bind)
			if advertise != "" {
				c.Advertise = netip.MustParseAddrPort(advertise)
			}
		}
	}
	dev := func(c *Config) { c.Dev = true }
	for _, tc := range []struct {
		name      string
		change    []func(*Config)
		encrypted bool
		want      string
	}{
		{"loopback", nil, false, ""},
		{"loopback, IPv6", []func(*Config){at("[::1]:0", "")}, false, ""},
		{"private", []func(*Config){at("192.168.1.2:0", "")}, false, ""},
		{"carrier", []func(*Config){at("100.64.1.2:0", "")}, false, ""},
		{"unique local", []func(*Config){at("[fd00::2]:0", "")}, false, ""},
		{"public", []func(*Config){at("8.8.8.8:0", "")}, false, "public address 8.8.8.8 needs a key"},
		{"public with a key", []func(*Config){at("8.8.8.8:0", "")}, true, ""},
		{"public for development", []func(*Config){at("8.8.8.8:0", ""), dev}, false, ""},
		{"public, mapped", []func(*Config){at("[::ffff:8.8.8.8]:0", "")}, false, "public address"},
		{"advertised public", []func(*Config){at("10.0.0.1:0", "8.8.8.8:0")}, false, "public address 8.8.8.8"},
		{"wildcard", []func(*Config){at("0.0.0.0:0", "10.0.0.1:0")}, false, "wildcard address 0.0.0.0 needs a key"},
		{"wildcard, IPv6", []func(*Config){at("[::]:0", "10.0.0.1:0")}, false, "wildcard"},
		{"wildcard with a key", []func(*Config){at("0.0.0.0:0", "10.0.0.1:0")}, true, ""},
		{"wildcard, nothing advertised", []func(*Config){at("0.0.0.0:0", "")}, true, "an address to advertise is needed"},
		{"no bind address", []func(*Config){func(c *Config) { c.Bind = netip.AddrPort{} }}, false, "bind address is not set"},
		{"no name", []func(*Config){func(c *Config) { c.Name = "" }}, false, "name is not set"},
		{"no id", []func(*Config){func(c *Config) { c.ID = "" }}, false, "id is not set"},
		{"name with a slash", []func(*Config){func(c *Config) { c.Name = "a/b" }}, false, "slash"},
		{"client on the WAN", []func(*Config){func(c *Config) { c.WAN = true }}, false, "only servers"},
		{"server without a port", []func(*Config){func(c *Config) { c.Server = true }}, false, "server port"},
		{"slow probes", []func(*Config){func(c *Config) { c.Timing.ProbeTimeout = time.Second }}, false, "must be shorter"},
	} {
		cfg := agent("n", tc.change...)
		err := cfg.check()
		if err == nil {
			err = cfg.checkExposure(tc.encrypted)
		}
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
	if _, err := New(agent("n", func(c *Config) { c.Tags = map[string]string{"k": strings.Repeat("v", 600)} })); err == nil {
		t.Error("tags that do not fit were accepted")
	}
	if _, err := New(agent("n", keyed([]byte("short")))); err == nil {
		t.Error("a key of 5 bytes was accepted")
	}
}
