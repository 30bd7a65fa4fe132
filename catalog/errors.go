package catalog

import (
	"errors"
	"fmt"
)

// Code classifies an error for whoever has to tell the outside world: one table
// in the HTTP door maps codes to status codes, one in the DNS server to rcodes.
// The set is closed. Codes travel over RPC, so their text is part of the protocol.
type Code string

const (
	// Internal is a failure of muster itself. It is the code of every error that carries none.
	Internal Code = "internal"
	// Invalid is input that can never succeed as sent; the message names the field.
	Invalid Code = "invalid"
	// NotFound is a reference to a row that does not exist.
	NotFound Code = "not_found"
	// Conflict is input that contradicts the state, such as a node name owned by another node id.
	Conflict Code = "conflict"
	// Denied is a caller that may not do this.
	Denied Code = "denied"
	// TooLarge is input over a size limit; nothing reached the raft log.
	TooLarge Code = "too_large"
	// Unavailable is a state that will pass: no leader, not ready, shutting down. The caller may retry.
	Unavailable Code = "unavailable"
)

// Error is an error with a code.
type Error struct {
	Code Code
	err  error // text and causes
}

// Errorf makes an error with a code. A %w verb keeps its cause for errors.Is and errors.As.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, err: fmt.Errorf(format, args...)}
}

// Error implements error.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns the formatted error, and so whatever it wraps.
func (e *Error) Unwrap() error { return e.err }

// CodeOf returns the code of the outermost Error in err's chain, Internal for an
// error that has none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
