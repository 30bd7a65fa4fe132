package httpapi

import (
	"fmt"
	"net/http"

	"muster/catalog"
)

// statusOf is the one table from catalog codes to HTTP status codes.
func statusOf(code catalog.Code) int {
	switch code {
	case catalog.Invalid:
		return http.StatusBadRequest
	case catalog.Denied:
		return http.StatusForbidden
	case catalog.NotFound:
		return http.StatusNotFound
	case catalog.Conflict:
		return http.StatusConflict
	case catalog.TooLarge:
		return http.StatusRequestEntityTooLarge
	case catalog.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// failure is an error of the HTTP door itself, which has a status and no catalog code.
type failure struct {
	status int
	text   string
	allow  string // the Allow header of a 405
}

// Error implements error.
func (f *failure) Error() string { return f.text }

func failf(status int, format string, args ...any) error {
	return &failure{status: status, text: fmt.Sprintf(format, args...)}
}

// errNoDatacenter is what Consul says of a datacenter that it cannot reach; clients look for the words.
var errNoDatacenter = failf(http.StatusInternalServerError, "No path to datacenter")

// errNoRoute answers paths that no route serves.
var errNoRoute = failf(http.StatusNotFound, "no such endpoint: muster does not serve this path of Consul's API")

// errClientGone ends a request that nobody waits for any more. It is sent to no
// one; its status, which is nginx's, keeps it apart from failures in the metrics.
var errClientGone = failf(499, "the client went away")

// internalText is all that the outside is told of a failure of muster itself.
const internalText = "internal error; the agent's log tells more"
