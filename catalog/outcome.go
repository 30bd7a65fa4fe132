package catalog

import (
	"errors"
	"fmt"
)

// What an error of a write says of its command when the command was not heard of
// again. Such an error is Unavailable and wraps one of the two; an error that wraps
// neither is the command's own, for good.
var (
	// ErrNothingWritten marks a command that was not and will not be applied.
	ErrNothingWritten = errors.New("nothing was written")
	// ErrOutcomeUnknown marks a command that may have been applied, or may be applied yet.
	ErrOutcomeUnknown = errors.New("the write may or may not have been applied")
	// ErrTooLate is an ErrOutcomeUnknown: this copy of a [Once] was not applied and never will be, but nobody knows of
	// earlier ones. Whoever sent no other knows that nothing was written.
	ErrTooLate = fmt.Errorf("%w: it comes too late to tell", ErrOutcomeUnknown)
)
