package probes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"muster/catalog"
)

// aliasRetry is how soon an alias check says its status again when nobody took it.
const aliasRetry = time.Second

// followAlias keeps a check at the status of another node or instance, as the
// catalog has it. It sleeps on the mark of the node, so it reacts at once and asks for nothing in between.
func followAlias(ctx context.Context, c *check) {
	node := cmp.Or(c.def.AliasNode, c.runner.cfg.Node)
	var told *Result // what the owner knows; nil: nothing, or it holds something else
	for {
		start := time.Now()
		snap := c.runner.cfg.Snapshot()
		changed := snap.NodeMark(node).Changed
		res := c.guarded(func() Result { return aliased(snap, node, c.runner.cfg.Node, &c.def) })
		var retry <-chan time.Time
		if told == nil || *told != res {
			c.count(res, time.Since(start))
			told = &res
			if !c.settle(res, time.Now()) {
				told, retry = nil, time.After(aliasRetry)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-c.repeat:
			told = nil
		case <-retry:
		}
	}
}

// aliased is what an alias check on node self sees of its target on node: the worst of
// the node's own checks and, for an instance, of the instance's. An alias does not see itself,
// nor other aliases of the node, which might see it in turn and so hold each other critical for ever.
func aliased(s *catalog.Snapshot, node, self string, def *catalog.CheckDefinition) Result {
	if s.Node(node) == nil {
		return Result{catalog.Critical, fmt.Sprintf("there is no node %q", node)}
	}
	checks := slices.DeleteFunc(s.ChecksOfInstance(node, ""), func(k *catalog.Check) bool {
		return k.Type == string(catalog.KindAlias)
	})
	if id := def.AliasService; id != "" {
		if s.Instance(node, id) == nil {
			return Result{catalog.Critical, fmt.Sprintf("node %q has no service with id %q", node, id)}
		}
		checks = append(checks, s.ChecksOfInstance(node, id)...)
	}
	if catalog.EqualFold(node, self) {
		checks = slices.DeleteFunc(checks, func(k *catalog.Check) bool { return k.ID == def.ID })
	}
	for _, bad := range []catalog.Status{catalog.Critical, catalog.Warning} {
		for _, k := range checks {
			if k.Status == bad {
				return Result{bad, fmt.Sprintf("check %q of the target is %s: %s", k.Name, bad, k.Output)}
			}
		}
	}
	if len(checks) == 0 {
		return Result{catalog.Passing, "the target has no checks"}
	}
	return Result{catalog.Passing, fmt.Sprintf("all %d checks of the target pass", len(checks))}
}
