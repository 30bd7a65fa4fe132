package doctor

import (
	"time"

	"golang.org/x/sys/unix"
)

// synced asks the kernel whether somebody keeps the clock right, and within what; it changes nothing.
func synced() (syncState, time.Duration) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	if err != nil {
		return syncUnknown, 0 // containers may forbid even to ask
	}
	if state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0 {
		return syncLost, 0
	}
	return syncKept, time.Duration(t.Maxerror) * time.Microsecond
}
