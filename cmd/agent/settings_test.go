package agent

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	c := DevConfig()
	c.NodeName, c.AdvertiseAddr = "n1", netip.MustParseAddr("10.0.0.1")
	c.HTTPAddrs = []string{"127.0.0.9", "unix:///run/x"}
	c.Gossip.Key = Secret("0123456789abcdef")
	c.LogLevel = LevelTrace
	c.DNS.ReverseNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	c.HTTP.AllowWriteFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	text, err := json.Marshal(c.Settings("id-1"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"EnableDebug": "false", "ConnectEnabled": "false", "GRPCPort": "-1", "DNSPort": "8600", "RaftProtocol": "3", "BootstrapExpect": "1",
		"NodeID": `"id-1"`, "DNSDomain": `"consul."`, "AdvertiseAddrLAN": `"10.0.0.1"`, "AdvertiseAddrWAN": `"10.0.0.1"`,
		"DNSReverseNetworks": `["10.0.0.0/8"]`,
		"DNSAddrs":           `["tcp://127.0.0.1:8600","udp://127.0.0.1:8600"]`,
		"HTTPAddrs":          `["tcp://127.0.0.9:8500","unix:///run/x"]`, "HTTPSAddrs": `[]`, "RetryJoinLAN": `[]`,
		"AllowWriteHTTPFrom": `["127.0.0.0/8"]`, "HTTPBlockEndpoints": `[]`,
		"RPCBindAddr": `"tcp://127.0.0.1:8300"`, "SerfBindAddrLAN": `"tcp://127.0.0.1:8301"`, "SerfBindAddrWAN": `"tcp://127.0.0.1:8302"`,
		"SnapshotAgent": `{"Directory":"","Interval":"0s"}`,
		"Logging":       `{"LogJSON":false,"LogLevel":"TRACE"}`, "UIConfig": `{"Dir":"","Enabled":true}`,
	} {
		if have, err := json.Marshal(got[name]); err != nil || string(have) != want {
			t.Errorf("%s is %s, want %s (%v)", name, have, want, err)
		}
	}
	for _, secret := range []string{string(c.Gossip.Key), "MDEyMzQ1Njc4OWFiY2RlZg"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("tells the key of gossip: %s", text)
		}
	}
	c.Server = false
	if rpc, wan := c.rpcBind(), c.serfWANBind(); rpc+wan != "" {
		t.Errorf("a client listens on %q, %q", rpc, wan)
	}
	if c.Bootstrap, c.BootstrapExpect = false, 3; c.expects() != 3 {
		t.Errorf("expects %d", c.expects())
	}
}
