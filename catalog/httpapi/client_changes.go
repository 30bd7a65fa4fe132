package httpapi

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// clientSilence is how long a stream of changes may be silent: three of the beats it has when nothing changes.
	clientSilence = 3 * eventHeartbeat
	// clientStreamLine bounds one message.
	clientStreamLine = 64 << 20
)

// errClientSilence is why a stream of which nothing comes any more is given up.
var errClientSilence = fmt.Errorf("not a word for %v", clientSilence)

// ClientPlace is a place in the history of a catalog, up to which a client has seen all
// changes. The zero value is none.
type ClientPlace struct {
	Index   uint64
	Lineage string // names the history; empty: it is not known, and the index is trusted
}

// ClientChange is one message of the stream of changes.
type ClientChange struct {
	// Event is "begin", "change" or "reset", as GET /v1/events/stream tells them.
	// Empty: the agent is there, and has nothing to tell.
	Event string
	// At is where to go on when the stream breaks. Without an index: where it was.
	At ClientPlace
	// Change is what has changed; nil unless the event is "change".
	Change *CatalogChange
}

// NodeInfos returns all nodes with all that is on them.
func (c *Client) NodeInfos(ctx context.Context, q ClientQuery) ([]NodeInfo, error) {
	return clientGet[[]NodeInfo](ctx, c, "/v1/internal/ui/nodes", "", q.values())
}

// Changes follows the changes of nodes, services and checks behind a place, with none from now on, and
// has take called for each message in turn, by the goroutine that calls it. It returns when ctx ends, the stream breaks or falls silent,
// or take fails; never without an error.
func (c *Client) Changes(ctx context.Context, since ClientPlace, take func(ClientChange) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(clientSilence, func() { cancel(errClientSilence) })
	defer silence.Stop()
	call := clientCall{method: http.MethodGet, path: "/v1/events/stream", query: url.Values{}}
	if since.Index > 0 {
		call.query.Set("index", strconv.FormatUint(since.Index, 10))
		if since.Lineage != "" {
			call.query.Set("lineage", since.Lineage)
		}
	}
	resp, err := c.send(ctx, call)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, clientStreamLine)
	message, lineage := ClientChange{}, since.Lineage
	for lines.Scan() {
		silence.Reset(clientSilence)
		if lines.Text() != "" {
			if err := message.line(lines.Bytes()); err != nil {
				return c.failed(ctx, call, err)
			}
			continue
		}
		lineage = cmp.Or(message.At.Lineage, lineage) // not every message names it
		message.At.Lineage = lineage
		silence.Stop() // take may take its time
		if err := take(message); err != nil {
			return err
		}
		silence.Reset(clientSilence)
		message = ClientChange{}
	}
	err = lines.Err()
	if err == nil {
		err = errors.New("the agent ended the stream")
	}
	return c.failed(ctx, call, err)
}

// line adds a line of a message to it.
func (m *ClientChange) line(line []byte) (err error) {
	field, value, _ := strings.Cut(string(line), ": ")
	switch field {
	case "id":
		m.At.Index, err = strconv.ParseUint(value, 10, 64)
	case "event":
		m.Event = value
	case "data":
		if m.Event == "change" {
			m.Change = &CatalogChange{}
			err = json.Unmarshal([]byte(value), m.Change)
			m.At.Lineage = m.Change.Lineage
		} else {
			err = json.Unmarshal([]byte(value), &m.At)
		}
	}
	if err != nil {
		return fmt.Errorf("%s of a message: %w", field, err)
	}
	return nil
}
