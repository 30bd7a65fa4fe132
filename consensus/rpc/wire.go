package rpc

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/catalog"
)

// Paths of the server port. Everything else belongs to the agent's HTTP API.
const (
	pathApply = "/rpc/apply"
	pathIndex = "/rpc/index"
	pathPeers = "/rpc/peers"
	pathFeed  = "/rpc/feed"
)

// relayParam asks a server that does not lead to pass the question on to the one that
// does. It is not passed on with it, so there is one hop more at most.
const relayParam = "relay"

// waitHeader carries how many milliseconds the caller still waits: clocks differ, so no point in time does.
const waitHeader = "Muster-Wait"

const (
	// maxCommandBytes is the largest encoded command, the same that a replica takes.
	maxCommandBytes = 4 << 20
	// maxReplyBytes is the largest reply that is read: a batch has tens of thousands of short outcomes at most.
	maxReplyBytes = 8 << 20
)

// fate says what became of a request.
type fate string

const (
	// settled: the reply is the answer, a refusal included.
	settled fate = ""
	// elsewhere: this server does not lead, reply.Leader may. Nothing was written.
	elsewhere fate = "elsewhere"
	// nothing was written, nor will be; a later try may succeed.
	nothing fate = "nothing"
	// unknown: it may have been written, or may be yet.
	unknown fate = "unknown"
	// late is unknown of all attempts before this one; of this one nothing was written, nor would be of a repetition.
	late fate = "late"
)

// reply is the body of every answer under /rpc/ but a feed.
type reply struct {
	Fate     fate      `json:",omitempty"`
	Leader   string    `json:",omitempty"` // of elsewhere; "" none is known
	Index    uint64    `json:",omitempty"` // to be reached before the state shows what was asked for
	Peers    []string  `json:",omitempty"`
	Standing *Standing `json:",omitempty"`
	outcome
	Batch []outcome       `json:",omitempty"`
	Data  json.RawMessage `json:",omitempty"` // a catalog.Result's
}

// outcome is a catalog.Outcome on the wire.
type outcome struct {
	OK   bool         `json:",omitempty"`
	Code catalog.Code `json:",omitempty"` // empty: no error
	Text string       `json:",omitempty"`
}

func outcomeOf(ok bool, err error) outcome {
	o := outcome{OK: ok}
	if err != nil {
		o.Code, o.Text = catalog.CodeOf(err), err.Error()
	}
	return o
}

// err returns the error that was sent; a code this build does not know is Internal.
func (o outcome) err() error {
	switch o.Code {
	case "":
		return nil
	case catalog.Internal, catalog.Invalid, catalog.NotFound, catalog.Conflict, catalog.Denied, catalog.TooLarge, catalog.Unavailable:
		return catalog.Errorf(o.Code, "%s", o.Text)
	}
	return catalog.Errorf(catalog.Internal, "%s (%.20q)", o.Text, o.Code)
}

// replyTo is the reply to a write.
func replyTo(res catalog.Result, err error) reply {
	r := reply{outcome: outcomeOf(res.OK, err), Fate: fateOf(err), Data: res.Data}
	for _, o := range res.Batch {
		r.Batch = append(r.Batch, outcomeOf(o.OK, o.Err))
	}
	return r
}

// result returns what the write came to.
func (r reply) result() (catalog.Result, error) {
	res := catalog.Result{OK: r.OK, Data: r.Data}
	for _, o := range r.Batch {
		res.Batch = append(res.Batch, catalog.Outcome{OK: o.OK, Err: o.err()})
	}
	if r.Fate == settled {
		return res, r.outcome.err()
	}
	return res, r.Fate.err(r.Text)
}

// err is the Unavailable of a write that was not heard of, for a reason which may begin with what fate it was.
func (f fate) err(reason string) error {
	if f == late {
		return catalog.Errorf(catalog.Unavailable, "%w", catalog.ErrTooLate)
	}
	for _, known := range []error{catalog.ErrNothingWritten, catalog.ErrOutcomeUnknown} {
		reason = strings.TrimPrefix(reason, known.Error()+": ")
	}
	if f == unknown {
		return catalog.Errorf(catalog.Unavailable, "%w: %s", catalog.ErrOutcomeUnknown, reason)
	}
	return catalog.Errorf(catalog.Unavailable, "%w: %s", catalog.ErrNothingWritten, reason)
}

// decodeReply reads a reply and holds it to what a server may say.
func decodeReply(from io.Reader) (reply, error) {
	body, err := io.ReadAll(io.LimitReader(from, maxReplyBytes+1))
	if err != nil {
		return reply{}, fmt.Errorf("reply: %w", err)
	}
	if len(body) > maxReplyBytes {
		return reply{}, fmt.Errorf("reply is over %d bytes", maxReplyBytes)
	}
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		return reply{}, fmt.Errorf("reply: %w", err)
	}
	switch r.Fate {
	case settled, elsewhere:
	case nothing, unknown, late:
		if r.Code == "" {
			return reply{}, fmt.Errorf("reply: fate %q without an error", r.Fate)
		}
	default:
		return reply{}, fmt.Errorf("reply: fate %.20q is unknown", r.Fate)
	}
	return r, nil
}

// send writes a reply. A client that is gone is told nothing.
func (r reply) send(w http.ResponseWriter) {
	body, err := json.Marshal(r)
	if err != nil {
		panic("rpc: encode reply: " + err.Error()) // strings and numbers only
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// setWait tells a server how long its answer is waited for.
func setWait(h http.Header, deadline time.Time) {
	h.Set(waitHeader, strconv.FormatInt(max(time.Until(deadline).Milliseconds(), 1), 10))
}

// waitOf reads what setWait wrote. It is defaultWait where there is none, never more than maxWait.
func waitOf(h http.Header) (time.Duration, error) {
	text := h.Get(waitHeader)
	if text == "" {
		return defaultWait, nil
	}
	ms, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, catalog.Errorf(catalog.Invalid, "%s: %.20q is no number of milliseconds", waitHeader, text)
	}
	return time.Duration(min(ms, uint64(maxWait.Milliseconds()))) * time.Millisecond, nil
}

const (
	defaultWait = 10 * time.Second
	maxWait     = time.Minute
)
