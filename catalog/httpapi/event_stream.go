package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"muster/catalog"
)

const (
	// eventHeartbeat is how often a stream without changes says that it is alive.
	eventHeartbeat = 15 * time.Second
	// eventSteps is how many steps of the log one message tells of at most.
	eventSteps = 256
)

// CatalogChange is one message of the stream: the rows that have changed, as they are now.
// Of a row that is gone its place is told; a node takes all that was on it with it, a service its checks.
type CatalogChange struct {
	Index    uint64 // of the catalog that the rows are of; also the id of the message
	Lineage  string `json:",omitempty"` // names the history that the index is of; empty: it has no name yet
	Nodes    []*Node
	Services []StreamedService
	Checks   []*HealthCheck
	Gone     []GoneRow
}

// StreamedService is an instance and where it is.
type StreamedService struct {
	Node string
	*NodeService
}

// GoneRow is a node, or on it a service or a check.
type GoneRow struct {
	Node      string
	ServiceID string `json:",omitempty"`
	CheckID   string `json:",omitempty"`
}

// eventStream streams changes of nodes, services and checks as server-sent events, from
// the agent's own catalog. A client that was cut off goes on with Last-Event-ID, or ?index: it misses
// nothing, or is told by "reset" to read everything anew. Rows that changed several times since are told of once.
func (s *Server) eventStream(r *request) (answer, error) {
	since, err := resumeAt(r)
	if err != nil {
		return answer{}, err
	}
	lineage, err := lineageOf(r)
	if err != nil {
		return answer{}, err
	}
	return answer{waited: true, serve: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.streamEvents(w, r, since, lineage)
	})}, nil
}

// resumeAt returns the index that a client has seen all changes up to, 0 if it begins.
func resumeAt(r *request) (uint64, error) {
	field, text := "Last-Event-ID", r.Header.Get("Last-Event-ID")
	if text == "" {
		field, text = "index", r.query.Get("index")
	}
	if text == "" {
		return 0, nil
	}
	index, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, catalog.Errorf(catalog.Invalid, "%s: %.40q is not an index", field, text)
	}
	return index, nil
}

// lineageOf returns the history that a client's index is of, zero when it does not say.
func lineageOf(r *request) (l catalog.Lineage, err error) {
	if text := r.query.Get("lineage"); text != "" && l.UnmarshalText([]byte(text)) != nil {
		return l, catalog.Errorf(catalog.Invalid, "lineage: %.40q is none", text)
	}
	return l, nil
}

// eventWriter is one client's stream.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	sent    uint64 // the id that the client has
}

func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, since uint64, lineage catalog.Lineage) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return
	}
	beat := time.NewTicker(eventHeartbeat)
	defer beat.Stop()
	e := &eventWriter{w: w, control: http.NewResponseController(w), sent: since}
	changes := s.deps.State.Changes()
	if since == 0 && e.mark("begin", changes.Snapshot()) != nil {
		return
	}
	if since != 0 && e.write(":\n\n") != nil { // a client that goes on knows at once that it is heard
		return
	}
	for ahead := elsewhere(changes.Snapshot(), since, lineage); ; ahead = false {
		moved := changes.Changed()
		steps, head, ok := changes.Since(e.sent)
		if !ok || ahead {
			changes = s.deps.State.Changes()
			if e.mark("reset", changes.Snapshot()) != nil {
				return
			}
			continue
		}
		if len(steps) > 0 && e.tell(changes, steps) != nil {
			return
		}
		select {
		case <-moved:
		case <-beat.C:
			if e.beat(head) != nil {
				return
			}
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// elsewhere reports whether a client that goes on has an index of another catalog, or of an agent ahead of us.
func elsewhere(snap *catalog.Snapshot, since uint64, lineage catalog.Lineage) bool {
	return since > snap.Index || since > 0 && lineage != catalog.Lineage{} && lineage != snap.Lineage()
}

// tell sends what steps have changed.
func (e *eventWriter) tell(changes *catalog.Changes, steps []*catalog.Change) error {
	for len(steps) > 0 {
		n := min(len(steps), eventSteps)
		change, err := changed(changes.Snapshot(), steps[:n], e.sent)
		if err != nil {
			return err // cannot be: the same steps were decoded or made here before
		}
		change.Index, change.Lineage = steps[n-1].Index, lineageText(changes.Snapshot())
		body, err := json.Marshal(change)
		if err != nil {
			return err
		}
		if err := e.send("change", change.Index, string(body)); err != nil {
			return err
		}
		steps = steps[n:]
	}
	return nil
}

// changed looks up the rows that steps touched. Those not changed since an index are left out.
func changed(snap *catalog.Snapshot, steps []*catalog.Change, since uint64) (CatalogChange, error) {
	e := CatalogChange{Nodes: []*Node{}, Services: []StreamedService{}, Checks: []*HealthCheck{}, Gone: []GoneRow{}}
	var touched []catalog.Touched
	for _, step := range steps {
		var err error
		if touched, err = step.Touched(touched); err != nil {
			return e, err
		}
	}
	seen := map[catalog.Touched]bool{}
	for len(touched) > 0 {
		t := touched[0]
		touched, t.Node = touched[1:], catalog.Fold(t.Node)
		if seen[t] {
			continue
		}
		seen[t] = true
		if t.ServiceID != "" {
			for _, c := range snap.ChecksOfInstance(t.Node, t.ServiceID) {
				touched = append(touched, catalog.Touched{Node: c.Node, CheckID: c.ID})
			}
		}
		e.add(snap, t, since)
	}
	return e, nil
}

func (e *CatalogChange) add(snap *catalog.Snapshot, t catalog.Touched, since uint64) {
	there := true
	switch {
	case t.CheckID != "":
		c := snap.Check(t.Node, t.CheckID)
		if there = c != nil; there && c.ModifyIndex > since {
			e.Checks = append(e.Checks, shapeCheck(c))
		}
	case t.ServiceID != "":
		i := snap.Instance(t.Node, t.ServiceID)
		if there = i != nil; there && i.ModifyIndex > since {
			e.Services = append(e.Services, StreamedService{i.Node, shapeService(i)})
		}
	default:
		n := snap.Node(t.Node)
		if there = n != nil; there && n.ModifyIndex > since {
			e.Nodes = append(e.Nodes, shapeNode(n))
		}
	}
	if !there {
		e.Gone = append(e.Gone, GoneRow(t))
	}
}

// mark tells where the stream is: that it begins, or that the client has missed changes.
func (e *eventWriter) mark(event string, snap *catalog.Snapshot) error {
	at := struct {
		Index   uint64
		Lineage string `json:",omitempty"`
	}{snap.Index, lineageText(snap)}
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return e.send(event, at.Index, string(data))
}

// lineageText is the name of a catalog's history, empty when it has none yet.
func lineageText(snap *catalog.Snapshot) string {
	if snap.Lineage() == (catalog.Lineage{}) {
		return ""
	}
	return snap.Lineage().String()
}

// beat keeps the stream open, and the client's id where the log is.
func (e *eventWriter) beat(head uint64) error {
	if head == e.sent {
		return e.write(":\n\n")
	}
	e.sent = head
	return e.write(fmt.Sprintf("id: %d\n\n", head))
}

func (e *eventWriter) send(event string, index uint64, data string) error {
	e.sent = index
	return e.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", index, event, data))
}

func (e *eventWriter) write(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	if err := e.control.Flush(); err != nil {
		return err
	}
	// An HTTP/2 stream dies of a deadline even between writes, so there is none then.
	return e.control.SetWriteDeadline(time.Time{})
}
