package top

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"muster/catalog/httpapi"
	"muster/cmd/terminal"
)

// TestTranscripts plays the files of testdata: messages, and after "frame" what is then on the screen, each
// line behind a bar. With UPDATE=1 in the environment the frames are written anew.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d transcripts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := &player{t: t, model: New(false), now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), nodes: map[string]*httpapi.NodeInfo{}}
			p.model.Update(Clock{p.now})
			got := p.play(string(text))
			if got == string(text) {
				return
			}
			if os.Getenv("UPDATE") == "" {
				t.Fatalf("plays as:\n%s", got)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// player plays a transcript.
type player struct {
	t      *testing.T
	model  *Model
	now    time.Time
	index  uint64
	nodes  map[string]*httpapi.NodeInfo // everything there is, for "load"
	names  []string
	silent bool // changes are not told of
}

// play returns the transcript as it should be.
func (p *player) play(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			continue
		}
		out.WriteString(line)
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case fields[0] == "frame":
			for _, l := range p.frame() {
				out.WriteString("|" + l + "\n")
			}
		default:
			p.step(fields[0], fields[1:], strings.TrimSuffix(line, "\n"))
		}
	}
	return out.String()
}

// frame draws the screen, and sees that it fits into it.
func (p *player) frame() []string {
	lines := strings.Split(p.model.View(), "\n")
	if len(lines) > p.model.height {
		p.t.Errorf("%d lines on a screen of %d", len(lines), p.model.height)
	}
	for i, l := range lines {
		if w := terminal.Width(l); w > p.model.width {
			p.t.Errorf("a line takes %d cells of %d: %q", w, p.model.width, l)
		}
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines
}

// step plays a line. Underscores in its words stand for blanks.
func (p *player) step(command string, words []string, line string) {
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "_", " ")
	}
	p.index++
	switch command {
	case "size":
		p.model.Update(Size{p.number(words[0]), p.number(words[1])})
	case "wait":
		p.now = p.now.Add(time.Duration(p.number(words[0])) * time.Second)
		p.model.Update(Clock{p.now})
	case "silent":
		p.silent = true
	case "services": // N NAME: each with one instance on n1
		for i := range p.number(words[0]) {
			name := fmt.Sprintf("%s-%03d", words[1], i)
			p.step("service", []string{"n1/" + name, name}, "")
		}
	case "load":
		p.load()
	case "lost":
		p.model.Update(Lost{p.now, errors.New(strings.Join(words, " "))})
	case "linked":
		p.model.Update(Linked{})
	case "key":
		p.press(words)
	case "type":
		p.press(strings.Split(strings.Join(words, " "), ""))
	case "sample":
		p.sample(words)
	default:
		p.change(command, words, line)
	}
}

// change plays a line that changes the catalog.
func (p *player) change(command string, words []string, line string) {
	change := &httpapi.CatalogChange{Index: p.index}
	place := append(strings.Split(words[0], "/"), "", "")
	switch command {
	case "service": // NODE/ID NAME
		row := &httpapi.NodeService{ID: place[1], Service: words[1], Port: 80, ModifyIndex: p.index}
		p.node(place[0]).Services = append(p.node(place[0]).Services, row)
		change.Services = append(change.Services, httpapi.StreamedService{Node: place[0], NodeService: row})
	case "check": // NODE/[SERVICE]/ID STATUS "OUTPUT"
		row := &httpapi.HealthCheck{Node: place[0], ServiceID: place[1], CheckID: place[2], Name: place[2] + " up", Status: words[1], ModifyIndex: p.index}
		if _, quoted, ok := strings.Cut(line, `"`); ok {
			var err error
			if row.Output, err = strconv.Unquote(`"` + quoted); err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
		}
		p.put(row)
		change.Checks = append(change.Checks, row)
	case "gone": // NODE[/SERVICE[/CHECK]]
		gone := httpapi.GoneRow{Node: place[0], ServiceID: place[1], CheckID: place[2]}
		if gone.CheckID != "" {
			gone.ServiceID = ""
		}
		change.Gone = append(change.Gone, gone)
	default:
		p.t.Fatalf("what is %q?", line)
	}
	if !p.silent {
		p.model.Update(Changed{p.now, change})
	}
}

// load has everything read that there ever was; transcripts that take rows away do not load afterwards.
func (p *player) load() {
	p.silent = false
	var nodes []httpapi.NodeInfo
	for _, name := range p.names {
		nodes = append(nodes, *p.nodes[name])
	}
	p.model.Update(Loaded{p.now, nodes})
}

func (p *player) press(keys []string) {
	for _, k := range keys {
		text := ""
		if len([]rune(k)) == 1 {
			text = k
		}
		if got := p.model.Update(Key{k, text}); got != Nothing {
			p.t.Fatalf("%s: action %d", k, got)
		}
	}
}

func (p *player) node(name string) *httpapi.NodeInfo {
	if p.nodes[name] == nil {
		p.nodes[name] = &httpapi.NodeInfo{Node: name, Address: "192.0.2." + strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyz-"), ModifyIndex: p.index}
		p.names = append(p.names, name)
	}
	return p.nodes[name]
}

func (p *player) put(row *httpapi.HealthCheck) {
	n := p.node(row.Node)
	for i, old := range n.Checks {
		if old.CheckID == row.CheckID {
			n.Checks[i] = row
			return
		}
	}
	n.Checks = append(n.Checks, row)
}

// sample has words such as leader=s1, or NOERROR=100 for questions answered so far.
func (p *player) sample(words []string) {
	s := Sample{At: p.now, Self: &httpapi.AgentSelf{Stats: map[string]map[string]string{"consul": {}}}, Figures: Figures{Queries: map[string]float64{}}}
	s.Self.Config = httpapi.AgentConfig{NodeName: "web1", Datacenter: "dc1", Version: "1.2.3", Server: true}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "error":
			s.Err = errors.New(value)
		case "client":
			s.Self.Config.Server = false
		case "leader":
			s.Self.Stats["consul"]["leader_addr"] = value + ":8300"
			s.Raft = &httpapi.RaftConfiguration{Servers: []httpapi.RaftPeer{{Node: value, Address: value + ":8300", Voter: true}, {Node: "s9", Address: "s9:8300"}}}
		default:
			fields := map[string]*float64{
				"alive": &s.Figures.Alive, "failed": &s.Figures.Failed, "term": &s.Figures.Term, "last": &s.Figures.Last,
				"index": &s.Figures.Index, "behind": &s.Figures.Entries, "age": &s.Figures.Seconds, "cached": &s.Figures.Cached,
			}
			if to := fields[name]; to != nil {
				*to = float64(p.number(value))
			} else {
				s.Figures.Queries[name] = float64(p.number(value))
			}
		}
	}
	total := 0.0
	for _, n := range s.Figures.Queries {
		total += n
	}
	s.Figures.Buckets = []Bucket{{0.0001, total / 2}, {0.001, total}}
	p.model.Update(s)
}

func (p *player) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}
