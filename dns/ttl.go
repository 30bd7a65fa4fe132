package dns

import (
	"maps"
	"slices"
	"strings"
	"time"

	"muster/catalog"
)

// ttls finds the TTL of a service.
type ttls struct {
	exact    map[string]uint32
	prefixes []prefixTTL // longest first
}

type prefixTTL struct {
	prefix string
	ttl    uint32
}

func newTTLs(rules map[string]time.Duration) ttls {
	t := ttls{exact: map[string]uint32{}}
	for _, key := range slices.Sorted(maps.Keys(rules)) { // sorted: keys that differ in case only must not race
		name, ttl := catalog.Fold(key), rules[key]
		if prefix, ok := strings.CutSuffix(name, "*"); ok {
			t.prefixes = append(t.prefixes, prefixTTL{prefix, seconds(ttl)})
			continue
		}
		t.exact[name] = seconds(ttl)
	}
	slices.SortFunc(t.prefixes, func(a, b prefixTTL) int { return len(b.prefix) - len(a.prefix) })
	return t
}

// of returns the TTL of a service in seconds: exact name, longest prefix, 0.
func (t ttls) of(service string) uint32 {
	service = catalog.Fold(service)
	if ttl, ok := t.exact[service]; ok {
		return ttl
	}
	for _, p := range t.prefixes {
		if strings.HasPrefix(service, p.prefix) {
			return p.ttl
		}
	}
	return 0
}

func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }
