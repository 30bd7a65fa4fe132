package httpapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/catalog"
)

// answer is what a handler has to say. The zero value is 200 with an empty body.
type answer struct {
	status int          // 0: 200
	json   any          // encoded as the body unless nil
	raw    []byte       // the body when json is nil
	kind   string       // content type of raw
	read   *readMark    // set by reads of the state: becomes the X-Consul-* headers
	header http.Header  // further headers
	serve  http.Handler // writes the whole answer instead of all of the above
	waited bool         // it blocked or streamed, so its duration tells nothing
}

// readMark says how fresh a read was.
type readMark struct {
	index  uint64
	fresh  catalog.Freshness
	mode   catalog.Consistency
	cached bool // ?cached was asked for, and the agent's own copy was new enough
}

// consistencyNames are what Consul calls the modes in its answers.
var consistencyNames = map[catalog.Consistency]string{catalog.Default: "leader", catalog.Stale: "stale", catalog.Consistent: "consistent"}

// tell puts a mark into the headers that clients know.
func (m *readMark) tell(h http.Header) {
	h.Set("X-Consul-Index", strconv.FormatUint(max(m.index, 1), 10))
	h.Set("X-Consul-KnownLeader", strconv.FormatBool(m.fresh.KnownLeader))
	h.Set("X-Consul-LastContact", strconv.FormatInt(m.fresh.LastContact.Milliseconds(), 10))
	h.Set("X-Consul-Effective-Consistency", consistencyNames[m.mode])
	h.Set("X-Consul-Query-Backend", "blocking-query")
	if m.cached {
		h.Set("X-Cache", "HIT")
		h.Set("Age", strconv.FormatInt(int64(m.fresh.LastContact.Seconds()), 10))
	}
}

// gzipFrom is the size of body from which compression pays.
const gzipFrom = 1 << 10

// reply answers with JSON.
func reply(value any) answer { return answer{json: value} }

// content returns the body and its type.
func (a *answer) content(pretty bool) ([]byte, string, error) {
	if a.json == nil {
		return a.raw, a.kind, nil
	}
	body, err := json.Marshal(a.json)
	if err == nil && pretty {
		var b bytes.Buffer
		if err = json.Indent(&b, body, "", "    "); err == nil {
			b.WriteByte('\n')
			body = b.Bytes()
		}
	}
	return body, "application/json", err
}

// send writes the headers and the body.
func (a *answer) send(w http.ResponseWriter, body []byte, kind string, gzipped bool) {
	h := w.Header()
	h.Set("X-Consul-Default-Acl-Policy", "allow") // there are no ACLs; clients ask before they hide what they cannot see
	for name, values := range a.header {
		h[name] = values
	}
	if a.read != nil {
		a.read.tell(h)
	}
	if len(body) > 0 {
		h.Set("Content-Type", kind)
		h.Add("Vary", "Accept-Encoding")
	}
	if gzipped && len(body) >= gzipFrom {
		h.Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	w.WriteHeader(a.code())
	// A failed write means the client is gone; there is nobody to tell.
	_, _ = w.Write(body)
}

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		panic("httpapi: gzip level: " + err.Error()) // the level is a constant
	}
	_, _ = z.Write(body) // a bytes.Buffer takes everything
	_ = z.Close()
	return b.Bytes()
}

// takesGzip reports whether Accept-Encoding lists gzip (RFC 9110 section 12.5.3).
func takesGzip(r *http.Request) bool {
	for item := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, param, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q, hasQ := strings.CutPrefix(strings.ReplaceAll(param, " ", ""), "q=")
			return !hasQ || strings.Trim(q, "0.") != ""
		}
	}
	return false
}
