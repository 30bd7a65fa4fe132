package rpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"muster/catalog"
)

func TestReplyCarriesResults(t *testing.T) {
	for _, tc := range []struct {
		name string
		res  catalog.Result
		err  error
		fate fate
	}{
		{"ok", catalog.Result{OK: true}, nil, settled},
		{"no match", catalog.Result{}, nil, settled},
		{"refused", catalog.Result{}, catalog.Errorf(catalog.Conflict, "node %q is taken", "n"), settled},
		{"internal", catalog.Result{}, errors.New("bare"), settled},
		{"batch", catalog.Result{OK: true, Batch: []catalog.Outcome{{OK: true}, {Err: catalog.Errorf(catalog.NotFound, "gone")}}}, nil, settled},
		{"transaction", catalog.Result{OK: true, Data: []byte(`{"Rows":[]}`)}, nil, settled},
		{"unknown", catalog.Result{}, unknown.err("lost"), unknown},
		{"nothing", catalog.Result{}, nothing.err("no leader"), nothing},
		{"unavailable without a word", catalog.Result{}, catalog.Errorf(catalog.Unavailable, "lost"), unknown},
		{"the member's own words", catalog.Result{}, catalog.Errorf(catalog.Unavailable, "%w: %w", catalog.ErrNothingWritten, errCut), nothing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			replyTo(tc.res, tc.err).send(w)
			r, err := decodeReply(w.Body)
			if err != nil || r.Fate != tc.fate {
				t.Fatalf("%+v, %v", r, err)
			}
			res, err := r.result()
			if catalog.CodeOf(err) != catalog.CodeOf(tc.err) || res.OK != tc.res.OK || len(res.Batch) != len(tc.res.Batch) || string(res.Data) != string(tc.res.Data) {
				t.Fatalf("%+v, %v", res, err)
			}
			if err != nil && !strings.HasSuffix(err.Error(), strings.TrimPrefix(tc.err.Error(), catalog.ErrNothingWritten.Error())) {
				t.Errorf("text %q, want %q", err, tc.err)
			}
			if tc.fate != settled && strings.Count(err.Error(), "written") > 1 {
				t.Errorf("said twice: %v", err)
			}
			for i, o := range res.Batch {
				if o.OK != tc.res.Batch[i].OK || catalog.CodeOf(o.Err) != catalog.CodeOf(tc.res.Batch[i].Err) {
					t.Errorf("outcome %d: %+v", i, o)
				}
			}
		})
	}
}

// A field that the catalog's results gain must be carried too.
func TestReplyKnowsAllOfAResult(t *testing.T) {
	fields := func(of any) (names []string) {
		for i := range reflect.TypeOf(of).NumField() {
			names = append(names, reflect.TypeOf(of).Field(i).Name)
		}
		return names
	}
	if got := fields(catalog.Result{}); !reflect.DeepEqual(got, []string{"OK", "Batch", "Data"}) {
		t.Errorf("a result has %v", got)
	}
	if got := fields(catalog.Outcome{}); !reflect.DeepEqual(got, []string{"OK", "Err"}) {
		t.Errorf("an outcome has %v", got)
	}
}

func TestBadReplies(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "no JSON": "hello", "list": "[]", "cut": `{"OK":tr`, "fate": `{"Fate":"sealed"}`,
		"fate without an error": `{"Fate":"unknown"}`, "negative index": `{"Index":-1}`,
		"too long": `{"Text":"` + strings.Repeat("x", maxReplyBytes) + `"}`,
	} {
		if r, err := decodeReply(strings.NewReader(body)); err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r, err := decodeReply(strings.NewReader(`{"Code":"novel","Text":"of a later version"}`))
	if err != nil || catalog.CodeOf(r.outcome.err()) != catalog.Internal {
		t.Errorf("unknown code: %+v, %v", r, err)
	}
}

func TestWait(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": defaultWait, "0": 0, "1500": 1500 * time.Millisecond, "9223372036854775807": maxWait,
		"-1": -1, "1s": -1, "9223372036854775808": -1, "NaN": -1,
	} {
		h := http.Header{}
		if text != "" {
			h.Set(waitHeader, text)
		}
		got, err := waitOf(h)
		if want < 0 != (err != nil) || err == nil && got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	h := http.Header{}
	setWait(h, time.Now().Add(-time.Hour))
	if got, err := waitOf(h); err != nil || got != time.Millisecond {
		t.Errorf("a deadline that has passed: %v, %v", got, err)
	}
}

func FuzzReply(f *testing.F) {
	for _, r := range []reply{{}, {Fate: elsewhere, Leader: "10.0.0.1:8300"}, replyTo(catalog.Result{OK: true, Batch: []catalog.Outcome{{OK: true}}}, nil), replyTo(catalog.Result{}, unknown.err("lost")), replyTo(catalog.Result{}, late.err(""))} {
		body, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := decodeReply(bytes.NewReader(body))
		if err != nil {
			return
		}
		if _, err := r.result(); fateOf(err) != r.Fate && r.Fate != elsewhere && !(r.Fate == settled && r.Code == catalog.Unavailable) {
			t.Errorf("fate %q became %q: %v", r.Fate, fateOf(err), err)
		}
	})
}

// Whatever is sent to a server, it answers, and applies only what is a command.
func FuzzApply(f *testing.F) {
	for _, c := range []catalog.Command{set("k"), once(set("k"), 7), register("n"), &catalog.Batch{Commands: []catalog.Command{register("n")}}} {
		data, err := catalog.Encode(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("\x01\x07{}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := &cluster{t: t, leader: "here", changed: make(chan struct{})}
		n := &node{cluster: c, addr: "here", state: catalog.New()}
		c.nodes = []*node{n}
		s := &Server{cfg: ServerConfig{Address: "here", Member: n, State: func() *catalog.State { return n.state }}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, pathApply, bytes.NewReader(body)))
		r, err := decodeReply(w.Body)
		if err != nil || r.Fate != settled {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, bad := catalog.Decode(body); (bad == nil) != (len(c.log) == 1) || bad != nil && r.Code != catalog.Invalid {
			t.Errorf("%v, but %d commands written: %+v", bad, len(c.log), r)
		}
	})
}
