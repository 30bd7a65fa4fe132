package gossip

import (
	"bytes"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

var fullMeta = meta{
	WAN: true, Server: true, Protocol: 1, RPCPort: 8300, Expect: 3, Run: 1 << 60,
	ID: "8a5edab2-282d-b411-7bc0-1a12b5c0e9a1", Datacenter: "dc1", Build: "1.2.3-dev+abc",
	Tags: map[string]string{"raft": "1", "": "", "ü": "ö"},
}

func TestMeta(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*meta)
		err    string
	}{
		{"full", func(*meta) {}, ""},
		{"least", func(m *meta) { *m = meta{ID: "i", Datacenter: "d"} }, ""},
		{"no id", func(m *meta) { m.ID = "" }, "id is not set"},
		{"no datacenter", func(m *meta) { m.Datacenter = "" }, "datacenter is not set"},
		{"datacenter with a space", func(m *meta) { m.Datacenter = "d c" }, "holds a space"},
		{"long build", func(m *meta) { m.Build = strings.Repeat("b", 129) }, "above 128"},
		{"expect", func(m *meta) { m.Expect = -1 }, "above 65536"},
		{"large tag", func(m *meta) { m.Tags = map[string]string{"k": strings.Repeat("v", 500)} }, "512 at most"},
		{"many tags", func(m *meta) {
			m.Tags = map[string]string{}
			for i := range 33 {
				m.Tags[fmt.Sprint(i)] = ""
			}
		}, "above 32"},
		{"tag that is no text", func(m *meta) { m.Tags = map[string]string{"k": "\xff"} }, "not text"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := fullMeta
			tc.change(&m)
			data, err := m.encode()
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Fatalf("error %v, want %q", err, tc.err)
			}
			if err != nil {
				return
			}
			got, err := decodeMeta(data)
			if err != nil || !reflect.DeepEqual(got, m) {
				t.Errorf("%+v (%v), want %+v", got, err, m)
			}
			if later, err := decodeMeta(append(data, "what later builds add"...)); err != nil || !reflect.DeepEqual(later, m) {
				t.Errorf("with more behind it: %+v, %v", later, err)
			}
			for n := range data {
				if _, err := decodeMeta(data[:n]); err == nil {
					t.Errorf("accepted the first %d of %d bytes", n, len(data))
				}
			}
		})
	}
}

func TestForeignMeta(t *testing.T) {
	for name, data := range map[string][]byte{
		"none": nil, "another layout": {2, 0, 0}, "too large": bytes.Repeat([]byte{1}, 513), "an agent of Consul": []byte("\x80\x84role\x04node"),
	} {
		if m, err := decodeMeta(data); err == nil {
			t.Errorf("%s: read as %+v", name, m)
		}
	}
}

var sampleRecords = []record{
	{Name: "a.dc1", Addr: netip.MustParseAddrPort("10.0.0.1:8301"), Meta: fullMeta, Left: true, Pruned: true, Age: time.Hour},
	{Name: "b", Addr: netip.MustParseAddrPort("[fd00::1]:8301"), Meta: meta{ID: "i", Datacenter: "d"}},
}

func TestMessages(t *testing.T) {
	data, err := encodeRecords(sampleRecords)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeRecords(data); err != nil || !reflect.DeepEqual(got, sampleRecords) {
		t.Errorf("records: %+v, %v", got, err)
	}
	d := departure{Name: "n", ID: "i", Run: 7, Prune: true}
	if got, err := decodeDeparture(&decoder{rest: d.encode()[1:]}); err != nil || got != d {
		t.Errorf("departure: %+v, %v", got, err)
	}
	q := keyRequest{ID: 1, From: "n", Op: keyUse, Key: bytes.Repeat([]byte{7}, 32), At: netip.MustParseAddrPort("[2001:db8::1]:8301")}
	if got, err := decodeKeyRequest(&decoder{rest: q.encode()[1:]}); err != nil || !reflect.DeepEqual(got, q) {
		t.Errorf("request: %+v, %v", got, err)
	}
	r := keyReply{ID: 1, From: "n", Err: strings.Repeat("é", 400)}
	for range maxKeys {
		r.Keys = append(r.Keys, q.Key)
	}
	if n := len(r.encode()); n > maxMessage {
		t.Errorf("a reply takes %d bytes", n)
	}
	got, err := decodeKeyReply(&decoder{rest: r.encode()[1:]})
	if err != nil || len(got.Keys) != maxKeys || !strings.HasPrefix(r.Err, got.Err) || len(got.Err) < maxReason-8 {
		t.Errorf("reply: %+v, %v", got, err)
	}
	if _, err := decodeKeyRequest(&decoder{rest: keyRequest{Op: 9}.encode()[1:]}); err == nil {
		t.Error("an unknown operation was accepted")
	}
}

// What can be read is written the same again.
func FuzzMeta(f *testing.F) {
	full, err := fullMeta.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeMeta(data)
		if err != nil {
			return
		}
		again, err := m.encode()
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", m, err)
		}
		if got, err := decodeMeta(again); err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("%+v became %+v (%v)", m, got, err)
		}
	})
}

// FuzzDelegate hands what it finds to everything that reads what others send.
func FuzzDelegate(f *testing.F) {
	records, err := encodeRecords(sampleRecords)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{
		records, departure{Name: "n", ID: "i", Run: 7}.encode(), departure{Name: "self", ID: "id-of-self", Run: 1 << 63}.encode(),
		keyRequest{From: "n", Op: keyRemove}.encode(), keyReply{From: "n", Err: "e", Keys: [][]byte{{1}}}.encode(), {}, {0}, {9},
	} {
		f.Add(seed)
	}
	p, err := New(agent("self"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { stop(f, p) })
	d := &delegate{p}
	gate := make(chan struct{}, maxAnswering)
	f.Fuzz(func(t *testing.T, data []byte) {
		d.NotifyMsg(data)
		select {
		case msg := <-p.inbox:
			_ = p.handle(msg, gate) // must not panic
		default:
			if len(data) > 0 && len(data) <= maxMessage {
				t.Error("a message was not taken in")
			}
		}
		d.MergeRemoteState(data, false)
		if got := d.LocalState(false); got == nil {
			t.Error("cannot tell what was merged")
		}
		select {
		case <-p.refute:
		default:
		}
	})
}
