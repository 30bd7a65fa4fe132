//go:build !linux

package doctor

import "time"

// synced knows only Linux.
func synced() (syncState, time.Duration) { return syncUnknown, 0 }
