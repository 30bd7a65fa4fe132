package rpc

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"muster/catalog"
	"muster/catalog/view"
)

// noDatacenter is what Consul says of a datacenter it cannot reach.
const noDatacenter = "No path to datacenter"

// feed streams a datacenter's catalog until the follower leaves, falls behind, or the server closes.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	query := r.URL.Query()
	since, err := strconv.ParseUint(query.Get("since"), 10, 64)
	if err != nil {
		http.Error(w, "since is no index", http.StatusBadRequest)
		return
	}
	dc := query.Get("dc")
	if dc == "" {
		dc = s.cfg.Datacenter
	}
	src, known := s.source(dc)
	switch {
	case !known:
		http.Error(w, noDatacenter, http.StatusNotFound)
		return
	case !src.Ready(): // another server may be
		http.Error(w, "not ready: the catalog is still being loaded", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	s.cfg.Metrics.FeedBegan()
	defer s.cfg.Metrics.FeedEnded()
	w.Header().Set("Content-Type", "application/octet-stream")
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writeTimeout)) // view sets its own for each message
	if control.Flush() != nil {
		return // the follower need not wait for rows to know that it is served
	}
	switch err := view.Serve(ctx, w, src, since); {
	case errors.Is(err, view.ErrUnread):
		s.cfg.Logger.Warn("follower of the catalog is cut off, it will come again", "remote", r.RemoteAddr, "datacenter", dc, "error", err)
	case err == nil || ctx.Err() != nil: // the follower left, or this server closes
	default:
		s.cfg.Logger.Debug("feed ended", "remote", r.RemoteAddr, "datacenter", dc, "error", err)
	}
}

func (s *Server) source(dc string) (view.Source, bool) {
	if s.cfg.Feed == nil {
		return view.Source{}, false
	}
	return s.cfg.Feed(catalog.Fold(dc))
}

// api passes a request to the agent's HTTP API. What an agent does for itself
// (/v1/agent/) is no business of other agents: the API that they would reach is
// bound to loopback for that reason.
func (s *Server) api(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path // decoded, so that no escape hides a segment
	switch {
	case s.cfg.API == nil, !strings.HasPrefix(path, "/v1/"), path == "/v1/agent", strings.HasPrefix(path, "/v1/agent/"):
		http.Error(w, "not served on the server port", http.StatusNotFound)
		return
	}
	s.cfg.API.ServeHTTP(w, r)
}
