package httpapi

import (
	"io"
	"net/http"
	"net/url"
	"testing"
)

// Answers come as they are, with their header, and no more of them than was asked for.
func TestClientRaw(t *testing.T) {
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/x" {
			http.Error(w, "no", http.StatusNotFound)
			return
		}
		w.Header().Set("X-Here", r.URL.RawQuery)
		_, _ = io.WriteString(w, "0123456789")
	}, nil)
	for most, want := range map[int64]string{10: "0123456789", 4: "0123"} {
		a, err := c.Raw(t.Context(), "/v1/x", url.Values{"a": {"b"}}, most)
		if err != nil || string(a.Body) != want || a.Cut != (most < 10) || a.Header.Get("X-Here") != "a=b" {
			t.Errorf("%d: %q, %v, %v, %v", most, a.Body, a.Cut, a.Header, err)
		}
	}
	if _, err := c.Raw(t.Context(), "/v1/y", nil, 10); !ClientNotFound(err) {
		t.Errorf("what is not there: %v", err)
	}
}
