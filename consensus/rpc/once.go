package rpc

import (
	"crypto/rand"

	"muster/catalog"
)

// repeatable reports whether a command may be applied twice: what an agent says of
// its own rows, and whoever owns the rows says it again if it is not so. All else
// shows when it comes twice, a plain write of a key, too: late, it undoes another's.
func repeatable(c catalog.Command) bool {
	switch c := c.(type) {
	case *catalog.Register, *catalog.Deregister, *catalog.SetStatus, *catalog.Observe, *catalog.Once:
		return true
	case *catalog.Batch:
		for _, part := range c.Commands {
			if !repeatable(part) {
				return false
			}
		}
		return true
	}
	return false
}

// once makes a command repeatable. It must be sent first when the log was at origin, or behind that.
func once(c catalog.Command, origin uint64) *catalog.Once {
	o := &catalog.Once{Origin: origin, Command: c}
	rand.Read(o.ID[:]) // never fails
	return o
}
