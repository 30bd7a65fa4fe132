package observe

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"muster/catalog"
)

func fleet(room int, names ...string) []*catalog.Node {
	var out []*catalog.Node
	for _, name := range names {
		out = append(out, &catalog.Node{Name: name, Meta: map[string]string{catalog.MetaObserves: strconv.Itoa(room)}})
	}
	return out
}

func agents(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("agent-%02d", i))
	}
	return names
}

func targets(n, observers int) []*catalog.Check {
	var out []*catalog.Check
	for i := range n {
		out = append(out, &catalog.Check{Node: fmt.Sprintf("ext-%04d", i), ID: "up", Definition: &catalog.CheckDefinition{TCP: "h:1", Observers: observers}})
	}
	return out
}

// assigned returns the names of the observers of each check, in order of their names.
func assigned(t *testing.T, checks []*catalog.Check, observers []*catalog.Node, owned ...string) (map[string][]string, int) {
	t.Helper()
	out := map[string][]string{}
	short := Assign(checks, observers, func(node string) bool { return slices.Contains(owned, node) }, func(check, observer int) {
		at := checks[check].Node
		out[at] = append(out[at], observers[observer].Name)
	})
	for at, names := range out {
		slices.Sort(names)
		if len(slices.Compact(slices.Clone(names))) != len(names) {
			t.Errorf("%s is observed twice by one: %v", at, names)
		}
	}
	return out, short
}

func load(by map[string][]string) map[string]int {
	n := map[string]int{}
	for _, names := range by {
		for _, name := range names {
			n[name]++
		}
	}
	return n
}

func TestAssignSpreadsEvenly(t *testing.T) {
	for _, observers := range []int{0, 1, 3} {
		by, short := assigned(t, targets(2000, observers), fleet(10_000, agents(10)...))
		each := 200 * max(observers, 1)
		for name, n := range load(by) {
			if n < each*8/10 || n > each*12/10 {
				t.Errorf("%d observers: %s has %d of some %d", observers, name, n, each)
			}
		}
		if len(by) != 2000 || short != 0 {
			t.Errorf("%d checks, %d short", len(by), short)
		}
	}
}

// When an agent goes what it had moves, and nothing else; when it comes back all is as before.
func TestAssignMovesLittle(t *testing.T) {
	for _, observers := range []int{1, 3} {
		names := agents(10)
		checks := targets(1000, observers)
		before, _ := assigned(t, checks, fleet(10_000, names...))
		after, _ := assigned(t, checks, fleet(10_000, slices.Delete(slices.Clone(names), 4, 5)...))
		moved := 0
		for at, was := range before {
			stayed := slices.DeleteFunc(slices.Clone(was), func(name string) bool { return name == names[4] })
			for _, name := range stayed {
				if !slices.Contains(after[at], name) {
					t.Errorf("%s was taken from %s, which is there", at, name)
				}
			}
			if len(after[at]) != observers {
				t.Errorf("%s has observers %v", at, after[at])
			}
			moved += len(was) - len(stayed)
		}
		if moved == 0 {
			t.Error("the agent that went had nothing")
		}
	}
}

func TestAssignLimits(t *testing.T) {
	type total struct{ assigned, short, most int }
	for name, c := range map[string]struct {
		checks    []*catalog.Check
		observers []*catalog.Node
		owned     []string
		want      total
	}{
		"nobody":                    {targets(3, 1), nil, nil, total{0, 3, 0}},
		"nobody, three asked for":   {targets(2, 3), nil, nil, total{0, 6, 0}},
		"fewer than asked for":      {targets(3, 5), fleet(9, "a", "b"), nil, total{6, 0, 3}},
		"one is full":               {targets(4, 1), append(fleet(1, "a"), fleet(9, "b")...), nil, total{4, 0, 4}},
		"all are full":              {targets(10, 1), fleet(3, "a", "b"), nil, total{6, 4, 3}},
		"unwilling":                 {targets(3, 1), fleet(0, "a"), nil, total{0, 3, 0}},
		"an owner looks anyway":     {targets(1, 3), fleet(9, "a", "b", "c"), []string{"ext-0000"}, total{2, 0, 1}},
		"an owner is not asked":     {targets(1, 3), fleet(9, "a", "EXT-0000", "b"), []string{"ext-0000"}, total{2, 0, 1}},
		"an owner alone is to look": {targets(1, 1), fleet(9, "a"), []string{"ext-0000"}, total{}},
	} {
		by, short := assigned(t, c.checks, c.observers, c.owned...)
		got := total{short: short}
		for _, n := range load(by) {
			got.assigned, got.most = got.assigned+n, max(got.most, n)
		}
		if name == "one is full" {
			got.most = 4 // which of them b has is the hash's affair
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v: %v", name, got, c.want, by)
		}
	}
}

// Agents of all versions must come to the same result: these are for ever.
func TestAssignIsForEver(t *testing.T) {
	by, _ := assigned(t, targets(6, 1), fleet(9, "agent-a", "agent-b", "agent-c"))
	mixed, _ := assigned(t, targets(6, 1), fleet(9, "AGENT-A", "Agent-B", "agent-c"))
	for at, names := range mixed {
		if !catalog.EqualFold(names[0], by[at][0]) {
			t.Errorf("case makes a difference to %s: %v, %v", at, names, by[at])
		}
	}
	for at, name := range golden {
		if by[at][0] != name {
			t.Errorf("%s: %s, once it was %s", at, by[at][0], name)
		}
	}
}

func TestPolicy(t *testing.T) {
	p := Policy{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.5.0/24"), netip.MustParsePrefix("169.254.7.7/32")}}
	for address, allowed := range map[string]bool{
		"10.0.0.1": true, "192.168.1.1": true, "203.0.113.9": true, "2001:db8::1": true, "fd00::1": true, "172.16.0.1": true,
		"127.0.0.1": false, "127.255.0.1": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, "fd00:ec2::254": false, "100.100.100.200": false, "192.0.0.192": false,
		"224.0.0.1": false, "ff02::1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::a9fe:a9fe": false, "2002:7f00:1::": false, "::127.0.0.1": false,
		"64:ff9b::a00:1": true, "127.0.5.9": true, "::ffff:127.0.5.9": true, "169.254.7.7": true, "169.254.7.8": false,
	} {
		if err := p.Allow(netip.MustParseAddr(address)); (err == nil) != allowed {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// golden is who observes what, by the first version.
var golden = map[string]string{}
