package httpapi

import (
	"encoding/json"
	"net/http"
	"time"
)

// agentMetricsStream tells of every interval as it ends, a line of JSON each, until
// the client goes away or the server closes.
func (s *Server) agentMetricsStream(*request) (answer, error) {
	return answer{waited: true, serve: http.HandlerFunc(s.streamMetrics)}, nil
}

func (s *Server) streamMetrics(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodHead {
		return
	}
	own := newIntervals(s.deps.Series, time.Now())
	var err error
	if own.last, err = s.deps.Series.Read(); err != nil {
		s.log.Error("the agent's metrics cannot be read", "error", err)
		panic(http.ErrAbortHandler) // so that it does not pass for a stream that came to its end
	}
	tick := time.NewTicker(metricsInterval)
	defer tick.Stop()
	control := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	for {
		// An HTTP/2 stream dies of a deadline even between writes, so there is none then.
		if control.Flush() != nil || control.SetWriteDeadline(time.Time{}) != nil {
			return
		}
		select {
		case <-tick.C:
			if own.tell(w, control) != nil {
				return
			}
		case <-s.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// tell writes the interval that ends now.
func (i *intervals) tell(w http.ResponseWriter, control *http.ResponseController) error {
	ended, err := i.end(time.Now())
	if err != nil {
		return err
	}
	if err := control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(ended)
}
