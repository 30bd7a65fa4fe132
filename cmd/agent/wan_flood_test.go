package agent

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"muster/consensus/gossip"
)

func TestUnmet(t *testing.T) {
	// "s2" is a server alive in this datacenter, others say what they are.
	members := func(words ...string) (out []gossip.Member) {
		for _, w := range words {
			name, is, _ := strings.Cut(w, " ")
			m := gossip.Member{Name: name, ID: "id-" + name, Server: name[0] == 's', Status: gossip.Alive, Tags: map[string]string{tagWAN: name + ":8302"}}
			switch is {
			case "":
			case "remembered":
				m.Remembered = true
			case "off":
				m.Tags = nil
			default:
				m.Status = gossip.Status(is)
			}
			out = append(out, m)
		}
		return out
	}
	for _, tc := range []struct {
		name               string
		home, abroad, want []string
	}{
		{"alone", []string{"s1"}, []string{"s1"}, nil},
		{"nobody met yet", []string{"s1", "s2", "s3"}, []string{"s1"}, []string{"s2:8302", "s3:8302"}},
		{"all met", []string{"s1", "s2"}, []string{"s1", "s2", "s9"}, nil},
		{"clients take no part, nor servers where it is off", []string{"s1", "c2", "s3 off"}, []string{"s1"}, nil},
		{"the dead and the leaving are left alone", []string{"s1", "s2 failed", "s3 left", "s4 leaving"}, []string{"s1"}, nil},
		{"it leaves there first", []string{"s1", "s2"}, []string{"s1", "s2 leaving"}, nil},
		{"it is back here", []string{"s1", "s2", "s3"}, []string{"s1", "s2 left", "s3 failed"}, []string{"s2:8302", "s3:8302"}},
		{"known from before is not met", []string{"s1", "s2", "s3 remembered"}, []string{"s1", "s2 remembered", "s3 remembered"}, []string{"s2:8302"}},
	} {
		if got := unmet(members(tc.home...), members(tc.abroad...), "id-s1"); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// The port of a server's gossip with other datacenters shows among its tags, as Consul's does.
func TestShownMemberTellsOfTheWANPort(t *testing.T) {
	m := gossip.Member{Server: true, RPC: netip.MustParseAddrPort("10.0.0.1:8300"), Tags: map[string]string{tagWAN: "[2001:db8::1]:8402"}}
	if got := shownMember(&m).Tags["wan_join_port"]; got != "8402" {
		t.Errorf("port %q", got)
	}
	m.Tags = nil
	if got, has := shownMember(&m).Tags["wan_join_port"]; has {
		t.Errorf("port %q where it is off", got)
	}
}
