package catalog

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func ttl(d time.Duration) *time.Duration { return &d }

func TestValidateDNS(t *testing.T) {
	for _, tt := range []struct {
		name string
		dns  InstanceDNS
		want string // fields with problems
	}{
		{"everything", InstanceDNS{65535, ttl(30 * time.Second), []string{"h2", "h3", "http/1.1"}}, ""},
		{"zeros", InstanceDNS{0, ttl(0), nil}, ""},
		{"priorities", InstanceDNS{Priority: 65536}, "dns.priority"},
		{"negative", InstanceDNS{-1, ttl(-time.Second), nil}, "dns.priority dns.ttl"},
		{"half a second", InstanceDNS{TTL: ttl(1500 * time.Millisecond)}, "dns.ttl"},
		{"no TTL", InstanceDNS{TTL: ttl(1 << 31 * time.Second)}, "dns.ttl"},
		{"protocols", InstanceDNS{ALPN: []string{"h2", "", "h 3", "h\xc3\xa4", strings.Repeat("x", 256), "h2"}}, "dns.alpn dns.alpn dns.alpn dns.alpn dns.alpn"},
		{"many", InstanceDNS{ALPN: strings.Split("abcdefghijklmnopq", "")}, "dns.alpn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			def := ServiceDefinition{Name: "a", DNS: &tt.dns}
			if got := fields(def.Validate()); got != tt.want {
				t.Errorf("problems in %q, want %q", got, tt.want)
			}
		})
	}
}

// wishes are pairwise different.
var wishes = []*InstanceDNS{
	nil, {Priority: DefaultPriority}, {Priority: 0}, {Priority: 1, TTL: ttl(0)}, {Priority: 1, TTL: ttl(time.Minute)},
	{Priority: 1, ALPN: []string{"h2"}}, {Priority: 1, ALPN: []string{"h2", "h3"}}, {Priority: 1, ALPN: []string{"h3", "h2"}},
}

func TestSameAsSeesDNS(t *testing.T) {
	for i, a := range wishes {
		for j, b := range wishes {
			var copied *InstanceDNS
			if b != nil {
				c := *b
				if b.TTL != nil {
					c.TTL = ttl(*b.TTL)
				}
				copied = &c
			}
			if same := (&Instance{DNS: a}).SameAs(&Instance{DNS: copied}); same != (i == j) {
				t.Errorf("%+v and %+v: same is %t", a, b, same)
			}
		}
	}
}

// TestDNSIsKept sends every wish through a command of the log and a snapshot on disk.
func TestDNSIsKept(t *testing.T) {
	for i, want := range wishes {
		data, err := Encode(&Register{Node: Node{Name: "n", Address: "10.0.0.1"}, Instance: &Instance{ID: "a", Name: "a", DNS: want}})
		if err != nil {
			t.Fatal(err)
		}
		if mentioned := bytes.Contains(data, []byte(`"DNS"`)); mentioned != (want != nil) {
			t.Errorf("%d: the command is %s", i, data)
		}
		c, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		s, back := New(), New()
		if _, err := s.Apply(1, c); err != nil {
			t.Fatal(err)
		}
		var disk bytes.Buffer
		if err := s.Snapshot().Persist(&disk); err != nil {
			t.Fatal(err)
		}
		if err := back.Restore(&disk); err != nil {
			t.Fatal(err)
		}
		if got := back.Snapshot().Instance("n", "a").DNS; !got.Equal(want) {
			t.Errorf("%d: %+v came back, not %+v", i, got, want)
		}
	}
}

func TestPriority(t *testing.T) {
	for text, want := range map[string]int{`{}`: DefaultPriority, `{"DNS":{"Priority":0}}`: 0, `{"DNS":{"Priority":10}}`: 10} {
		var i Instance
		if err := json.Unmarshal([]byte(text), &i); err != nil {
			t.Fatal(err)
		}
		if got := i.Priority(); got != want {
			t.Errorf("%s has priority %d, want %d", text, got, want)
		}
	}
}
