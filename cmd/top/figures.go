package top

import (
	"math"
	"strconv"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// Sample is what an agent told of itself at one moment.
type Sample struct {
	At   time.Time // when it had answered
	Self *httpapi.AgentSelf
	// Raft is who the servers are; nil when nobody says.
	Raft    *httpapi.RaftConfiguration
	Figures Figures
	// Err is why there is nothing of the above.
	Err error
}

// Figures are the metrics of an agent that are shown.
type Figures struct {
	Queries map[string]float64 // questions answered since its start, by rcode
	Cached  float64            // of these from the cache
	Buckets []Bucket           // of how long they took, by rising bounds
	Alive   float64            // members of the LAN pool
	Failed  float64
	Term    float64 // of raft; 0 on client agents
	Last    float64 // index of the log
	Index   float64 // of the catalog
	Entries float64 // that the catalog is behind
	Seconds float64
}

// Bucket is how many questions took no longer than a time.
type Bucket struct {
	Seconds float64 // +Inf in the last one
	Count   float64
}

// ReadFigures reads metrics in Prometheus' text format. Lines that are not understood are passed over.
func ReadFigures(text []byte) Figures {
	f := Figures{Queries: map[string]float64{}}
	single := map[string]*float64{
		"muster_raft_term": &f.Term, "muster_raft_last_index": &f.Last, "muster_catalog_index": &f.Index,
		"muster_catalog_behind_entries": &f.Entries, "muster_catalog_behind_seconds": &f.Seconds,
	}
	for line := range strings.Lines(string(text)) {
		name, labels, value, ok := series(strings.TrimSuffix(line, "\n"))
		if !ok {
			continue
		}
		switch name {
		case "muster_dns_queries_total":
			f.Queries[labels["rcode"]] += value
			if labels["path"] == "hit" || labels["path"] == "negative" {
				f.Cached += value
			}
		case "muster_dns_query_duration_seconds_bucket":
			if le, err := strconv.ParseFloat(labels["le"], 64); err == nil {
				f.Buckets = append(f.Buckets, Bucket{le, value})
			}
		case "muster_gossip_members":
			switch labels["pool"] + " " + labels["status"] {
			case "lan alive":
				f.Alive = value
			case "lan failed":
				f.Failed = value
			}
		default:
			if to := single[name]; to != nil {
				*to = value
			}
		}
	}
	return f
}

// series takes a line of metrics apart. Values of labels are taken as they stand: those of ours need no escapes.
func series(line string) (name string, labels map[string]string, value float64, ok bool) {
	if !strings.HasPrefix(line, "muster_") {
		return "", nil, 0, false
	}
	head, number, ok := cutLast(line, " ")
	if !ok {
		return "", nil, 0, false
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(value) {
		return "", nil, 0, false
	}
	name, inner, labelled := strings.Cut(head, "{")
	if !labelled {
		return name, nil, value, true
	}
	labels = map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSuffix(inner, "}"), ",") {
		k, v, _ := strings.Cut(pair, "=")
		labels[k] = strings.Trim(v, `"`)
	}
	return name, labels, value, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
