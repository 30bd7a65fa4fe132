package httpapi

import (
	"errors"
	"fmt"
	"net/http"
)

// ClientError is an answer of the agent that is not a success.
type ClientError struct {
	Method, Path string // of the request
	Status       int    // HTTP status code
	Message      string // first line of the body; may be empty
}

// Error implements error.
func (e *ClientError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("%s %s: the agent answered %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("the agent answered %d: %s", e.Status, e.Message)
}

// ClientUnreachableError is the failure to open a connection to the agent.
type ClientUnreachableError struct {
	Addr string // with its scheme
	Err  error
}

// Error implements error.
func (e *ClientUnreachableError) Error() string {
	return fmt.Sprintf("cannot reach an agent at %s: %v", e.Addr, e.Err)
}

// Unwrap returns the cause.
func (e *ClientUnreachableError) Unwrap() error { return e.Err }

// ClientNotFound reports whether the agent answered that what was asked for does not exist.
func ClientNotFound(err error) bool {
	e, ok := errors.AsType[*ClientError](err)
	return ok && e.Status == http.StatusNotFound
}
