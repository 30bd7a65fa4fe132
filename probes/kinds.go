package probes

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"muster/catalog"
)

// Result is what one probe saw.
type Result struct {
	Status catalog.Status // Passing, Warning or Critical; empty: nothing was seen, so there is nothing to judge
	Output string         // for people; capped later, may hold any bytes
}

// probe looks at a check's target once. It returns soon after ctx is done, and
// calls for one check never overlap.
type probe func(ctx context.Context, def *catalog.CheckDefinition) Result

// opener readies what the probes of one check share, such as connections, of
// which it keeps as many between probes as it took from the budget. It is
// called once per check with a valid definition, close once after the last probe.
type opener func(def *catalog.CheckDefinition, kept *budget) (p probe, close func())

// behaviour runs one check until ctx is done.
type behaviour func(ctx context.Context, c *check)

// kinds is how every kind of check is run. A new kind is a file and a line here.
func kinds() map[catalog.Kind]behaviour {
	return map[catalog.Kind]behaviour{
		catalog.KindHTTP:      atIntervals(10*time.Second, openHTTP),
		catalog.KindTCP:       atIntervals(10*time.Second, openTCP),
		catalog.KindUDP:       atIntervals(time.Second, openUDP),
		catalog.KindGRPC:      atIntervals(10*time.Second, openGRPC),
		catalog.KindDNS:       atIntervals(10*time.Second, openDNS),
		catalog.KindICMP:      atIntervals(time.Second, openICMP),
		catalog.KindScript:    atIntervals(30*time.Second, sharesNothing(probeScript)),
		catalog.KindOSService: atIntervals(10*time.Second, sharesNothing(probeOSService(systemBus))),
		catalog.KindFile:      atIntervals(10*time.Second, openFile),
		catalog.KindTTL:       expectHeartbeats,
		catalog.KindAlias:     followAlias,
	}
}

// sharesNothing is the opener of a probe that keeps nothing between its calls.
func sharesNothing(p probe) opener {
	return func(*catalog.CheckDefinition, *budget) (probe, func()) { return p, func() {} }
}

// failure is the result of a probe that got err instead of an answer. When the
// probe ran out of time, that is said in place of err, which only hints at it. An
// agent that is out of files or memory has seen nothing of its targets: it must not fail them all.
func failure(ctx context.Context, what string, err error) Result {
	for _, own := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, own) {
			return Result{Output: fmt.Sprintf("%s: %v", what, err)}
		}
	}
	if why, ok := errors.AsType[*refusal](err); ok {
		return Result{Output: fmt.Sprintf("%s: %v", what, why)}
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return Result{catalog.Critical, fmt.Sprintf("%s: %v", what, err)}
}
