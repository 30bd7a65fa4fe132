package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"

	"muster/catalog/httpapi"
)

func lookAtAgent(_ context.Context, c *chart) []Finding {
	if c.self != nil {
		cfg, role := &c.self.Config, "client"
		if cfg.Server {
			role = "server"
		}
		return ok("%s, a %s of %s, version %s, runs for %s and answers at %s",
			cfg.NodeName, role, cfg.Datacenter, cfg.Version, c.stat("runtime", "uptime"), c.Agent.Addr())
	}
	return judgeSilence(c.silence, c.Agent.Addr(), len(c.Paths) > 0, c.set.HTTPAddrs)
}

// judgeSilence is about an agent that does not answer at an address. Its files, if they are known, name others.
func judgeSilence(silence error, at string, known bool, filed []string) []Finding {
	remedy := "start it, or name another with -http-addr"
	switch other := slices.DeleteFunc(slices.Clone(filed), func(url string) bool {
		return strings.TrimPrefix(url, "tcp://") == strings.TrimPrefix(at, "http://")
	}); {
	case !known:
		remedy += "; with -config-dir its configuration is looked at"
	case len(other) > 0 && len(other) == len(filed):
		remedy = "start it; its files have it answer at " + strings.TrimPrefix(other[0], "tcp://") + ", which -http-addr is to name"
	}
	unreachable, isThat := errors.AsType[*httpapi.ClientUnreachableError](silence)
	if isThat && errors.Is(unreachable, syscall.ECONNREFUSED) {
		return fail(remedy, "nobody listens at %s", at)
	}
	return fail(remedy, "%v", silence)
}
