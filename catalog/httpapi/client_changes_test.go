package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"muster/catalog"
)

// errEnough ends a stream that has told what a test wants to know.
var errEnough = errors.New("enough")

// followed has what a stream tells written down until a message makes it enough.
func followed(t *testing.T, c *Client, since ClientPlace, enough func(ClientChange) bool) (told []string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err = c.Changes(ctx, since, func(m ClientChange) error {
		line := fmt.Sprintf("%s %d", m.Event, m.At.Index)
		if m.Change != nil {
			line += fmt.Sprintf(" n%d s%d c%d g%d", len(m.Change.Nodes), len(m.Change.Services), len(m.Change.Checks), len(m.Change.Gone))
		}
		told = append(told, line)
		if enough(m) {
			return errEnough
		}
		return nil
	})
	return told, err
}

func TestClientFollowsChanges(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	told, err := followed(t, f.ownClient(), ClientPlace{}, func(m ClientChange) bool {
		if m.Event == "begin" {
			f.put("/v1/catalog/register", `{"Node": "n9", "Address": "10.0.0.9", "Service": {"Service": "db"}, "Check": {"Name": "up", "Status": "passing"}}`)
		}
		return m.Event == "change"
	})
	if want := []string{"begin 3", "change 4 n1 s1 c1 g0"}; !errors.Is(err, errEnough) || !slices.Equal(told, want) {
		t.Errorf("%q, %v; want %q", told, err, want)
	}
	// Taken up again, it says at once that it is there, and goes on.
	told, err = followed(t, f.ownClient(), ClientPlace{Index: 3}, func(m ClientChange) bool { return m.Event != "" })
	if want := []string{" 0", "change 4 n1 s1 c1 g0"}; !errors.Is(err, errEnough) || !slices.Equal(told, want) {
		t.Errorf("%q, %v; want %q", told, err, want)
	}
	if told, _ := followed(t, f.ownClient(), ClientPlace{Index: 40}, func(m ClientChange) bool { return m.Event != "" }); !slices.Contains(told, "reset 4") {
		t.Errorf("of an index to come: %q", told)
	}
	nodes, err := f.ownClient().NodeInfos(t.Context(), ClientQuery{Filter: `Node == "n9"`})
	if err != nil || len(nodes) != 1 || len(nodes[0].Services) != 1 || len(nodes[0].Checks) != 1 {
		t.Errorf("%+v, %v", nodes, err)
	}
}

// TestChangesOfAnotherCatalog: an index says nothing in the history of another catalog, also when it is not ahead of it.
func TestChangesOfAnotherCatalog(t *testing.T) {
	f := newFixture(t, nil)
	twoWebs(f)
	ours, other := catalog.Lineage{1}, catalog.Lineage{2}
	if _, err := f.consensus.Apply(t.Context(), &catalog.SetLineage{Lineage: ours}); err != nil {
		t.Fatal(err)
	}
	var at ClientPlace
	_, _ = followed(t, f.ownClient(), ClientPlace{}, func(m ClientChange) bool { at = m.At; return true })
	if at.Lineage != ours.String() {
		t.Errorf("begins at %+v", at)
	}
	f.put("/v1/catalog/deregister", `{"Node": "n2"}`)
	for _, tt := range []struct{ lineage, want string }{
		{ours.String(), "change"}, {"", "change"}, {other.String(), "reset"},
	} {
		var got ClientChange
		_, _ = followed(t, f.ownClient(), ClientPlace{at.Index, tt.lineage}, func(m ClientChange) bool { got = m; return m.Event != "" })
		if got.Event != tt.want || got.At.Lineage != ours.String() {
			t.Errorf("with lineage %q: %+v", tt.lineage, got)
		}
	}
}

func TestClientOfBrokenStreams(t *testing.T) {
	for body, want := range map[string]string{
		"id: 3\nevent: begin\ndata: {\"Index\":3}\n\n": "the agent ended the stream",
		"id: x\n\n":                          "id of a message",
		"id: 4\nevent: change\ndata: {]\n\n": "data of a message",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		c, err := NewClient(ClientConfig{Addr: srv.URL})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := followed(t, c, ClientPlace{}, func(ClientChange) bool { return false }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", body, err, want)
		}
		c.Close()
		srv.Close()
	}
	f := newFixture(t, nil)
	f.Close()
	c, err := NewClient(ClientConfig{Addr: f.Addrs()[0].String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = followed(t, c, ClientPlace{}, func(ClientChange) bool { return false })
	if _, unreachable := errors.AsType[*ClientUnreachableError](err); !unreachable {
		t.Errorf("nobody there: %v", err)
	}
}

// mute answers with a stream of which nothing more comes, as a host that lost power.
type mute struct{}

func (mute) RoundTrip(r *http.Request) (*http.Response, error) {
	body, lost := io.Pipe()
	go func() {
		_, _ = io.WriteString(lost, ":\n\n")
		<-r.Context().Done()
		_ = lost.CloseWithError(r.Context().Err())
	}()
	return &http.Response{StatusCode: 200, Body: body, Request: r}, nil
}

func TestClientGivesSilentStreamsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := NewClient(ClientConfig{})
		if err != nil {
			t.Fatal(err)
		}
		c.http.Transport = mute{}
		start, heard := time.Now(), 0
		err = c.Changes(t.Context(), ClientPlace{Index: 7}, func(ClientChange) error { heard++; time.Sleep(2 * clientSilence); return nil })
		if !errors.Is(err, errClientSilence) || heard != 1 || time.Since(start) != 3*clientSilence {
			t.Errorf("after %v, %d messages: %v", time.Since(start), heard, err)
		}
	})
}
