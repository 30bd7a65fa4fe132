package watch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"muster/catalog/durable"
)

// Seen is what a handler was called for last. The zero value: nothing yet.
type Seen struct {
	Index  uint64   // of the answer
	Sum    string   // of what was handed over, in hexadecimal
	Events []string `json:",omitempty"` // ids of events, the newest last; at most maxSeenEvents
}

// maxSeenEvents is twice what an agent lists, so that none comes back as new.
const maxSeenEvents = 512

// news decides what of an answer is to be handed over; nil: nothing of it. after is what has been seen then.
func (p *Plan) news(seen Seen, body json.RawMessage, index uint64) (news json.RawMessage, after Seen, err error) {
	if p.Type == "event" {
		return p.newEvents(seen, body, index)
	}
	h := sha256.Sum256(body)
	after = Seen{Index: index, Sum: hex.EncodeToString(h[:])}
	if seen.Index == index || seen.Sum == after.Sum {
		return nil, after, nil
	}
	return body, after, nil
}

// newEvents hands over the events whose ids were not seen: the list may shrink, and grow again by old ones.
func (p *Plan) newEvents(seen Seen, body json.RawMessage, index uint64) (json.RawMessage, Seen, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, seen, fmt.Errorf("watch: the answer is not a list of events: %w", err)
	}
	after := Seen{Index: index, Events: slices.Clone(seen.Events)}
	var fresh []json.RawMessage
	for _, row := range rows {
		var event struct{ ID string }
		if err := json.Unmarshal(row, &event); err != nil || event.ID == "" {
			return nil, seen, errors.New("watch: an event has no id")
		}
		if !slices.Contains(after.Events, event.ID) {
			fresh = append(fresh, row)
			after.Events = append(after.Events, event.ID)
		}
	}
	after.Events = after.Events[max(0, len(after.Events)-maxSeenEvents):]
	if len(fresh) == 0 || p.Fresh && seen.Index == 0 {
		return nil, after, nil
	}
	news, err := json.Marshal(fresh)
	return news, after, err
}

// fileMagic begins the files of this package; the number is the version.
const fileMagic = "muster-watch 1"

// load reads what was seen from a file; there need not be one.
func load(path string) (Seen, error) {
	var s Seen
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	if string(head) != fileHead(body) {
		return s, fmt.Errorf("%s is damaged, or of another version", path)
	}
	return s, json.Unmarshal(body, &s)
}

// save writes it, for the owner alone.
func (s Seen) save(path string) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return durable.Replace(path, append([]byte(fileHead(body)+"\n"), body...))
}

func fileHead(body []byte) string { return fmt.Sprintf("%s %x", fileMagic, sha256.Sum256(body)) }
