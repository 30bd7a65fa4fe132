package httpapi

import (
	"strings"

	"muster/catalog/document"
)

// Keys of Consul's registrations that muster has nothing for, folded. Ignoring
// them would register something else than what was asked, so they are refused
// unless they ask for nothing. Keys that stand in neither list are ignored.
var (
	foreignCheckKeys = map[string]bool{
		"h2ping": true, "h2pingusetls": true, "dockercontainerid": true, "shell": true, "script": true,
	}
	foreignServiceKeys = map[string]bool{
		"kind": true, "proxy": true, "connect": true, "socketpath": true, "ports": true,
		"namespace": true, "partition": true, "peername": true,
	}
)

const (
	foreignCheckText   = "muster has no such check; it has http (also with http2), tcp, udp, grpc, dns, icmp, ttl, args (scripts), os_service, file and alias"
	foreignServiceText = "belongs to Consul's mesh or enterprise features, which muster does not have"
)

// foreignCheckKey judges the keys of a check that stands alone.
func foreignCheckKey(key document.ForeignKey) (refusal string, known bool) {
	return judge(foreignCheckKeys, key.Path, key.Idle, foreignCheckText)
}

// foreignServiceKey judges the keys of a service and its checks.
func foreignServiceKey(key document.ForeignKey) (refusal string, known bool) {
	if parent, name, nested := strings.Cut(key.Path, "."); nested {
		if parent != "check" && parent != "checks" {
			return "", false
		}
		return judge(foreignCheckKeys, name, key.Idle, foreignCheckText)
	}
	return judge(foreignServiceKeys, key.Path, key.Idle, foreignServiceText)
}

func judge(keys map[string]bool, name string, idle bool, refusal string) (string, bool) {
	if !keys[name] || idle {
		return "", keys[name]
	}
	return refusal, true
}
