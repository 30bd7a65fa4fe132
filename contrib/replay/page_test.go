//go:build linux

// Package replay has no program: its tests run the transcripts of the documentation
// against agents of the real binary, and compare what they print.
//
// A comment before a block, which readers do not see, says what it needs:
//
//	<!-- replay: dev -->                        an agent -dev with the example services
//	<!-- replay: cluster -->                    server1, server2, server3 and web1, set up as the README says
//	<!-- replay: shell -->                      no agent
//	<!-- replay: cluster anew -->               not the cluster of the blocks before
//	<!-- replay: no, why not -->                it is not run
//	<!-- replay: cluster file PATH on web1 -->  the block is no transcript but this file of a host
//
// Further lines of the comment are done before the block: "$ command" and "web1$ command", which
// are tried until they succeed; "start", "stop", "kill" and "wipe" with a host (and flags, to start);
// "end", which ends what commands left running. Blocks of a page with the same need share its agents.
package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const top = "../.." // of the repository

// block is a fenced block of a page.
type block struct {
	page    string
	line    int    // of its fence
	kind    string // what the fence says
	marked  bool   // whether a comment speaks of it
	setting string // dev, cluster, shell, no
	anew    bool
	file    string   // the path the block is a file at; empty: it is a transcript
	host    string   // of the file
	steps   []string // to be done before
	lines   []string
}

func (b *block) at() string { return fmt.Sprintf("%s:%d", filepath.Base(b.page), b.line) }

var mark = regexp.MustCompile(`^(dev|cluster|shell)( anew)?(?: file (\S+)(?: on (\S+))?)?$|^(no), \S`)

// blocks reads the fenced blocks of a page, and tells of comments that cannot be understood or speak of no block.
func blocks(page, text string) (list []block, errs []error) {
	var open *block // inside of a fence
	var said *block // by a comment, until the next block
	within := false // a comment of several lines
	indent := ""    // of the fence
	for i, line := range strings.Split(text, "\n") {
		bare := strings.TrimSpace(line)
		fail := func(what string) { errs = append(errs, fmt.Errorf("%s:%d: %s", filepath.Base(page), i+1, what)) }
		comment, begins := strings.CutPrefix(bare, "<!-- replay:")
		switch {
		case open != nil && bare == "```":
			list, open = append(list, *open), nil
		case open != nil:
			open.lines = append(open.lines, strings.TrimPrefix(line, indent))
		case begins:
			comment, ends := strings.CutSuffix(comment, "-->")
			within = !ends
			m := mark.FindStringSubmatch(strings.TrimSpace(comment))
			if m == nil {
				fail("the comment does not say how the block is replayed")
				m = make([]string, 6)
			}
			said = &block{marked: true, setting: m[1] + m[5], anew: m[2] != "", file: m[3], host: m[4]}
		case within:
			if within = bare != "-->"; within {
				said.steps = append(said.steps, bare)
			}
		case strings.HasPrefix(bare, "```"):
			if open = said; open == nil {
				open = &block{}
			}
			said = nil
			open.page, open.line, open.kind = page, i+1, bare[3:]
			indent = line[:strings.Index(line, "```")]
		case bare != "" && said != nil:
			fail("a comment on replaying stands before no block")
			said = nil
		}
	}
	return list, errs
}

// command is a line of a transcript and what it printed.
type command struct {
	host string // whose prompt it is; empty: the first one's
	text string
	want []string
}

var prompt = regexp.MustCompile(`^([a-z0-9]*)\$ (.*)`)

// commands takes a transcript apart. A command goes on to where its quotes are closed.
func commands(lines []string) (list []command, err error) {
	for _, line := range lines {
		last := len(list) - 1
		m := prompt.FindStringSubmatch(line)
		switch {
		case last >= 0 && len(list[last].want) == 0 && strings.Count(list[last].text, "'")%2 == 1:
			list[last].text += "\n" + line
		case m != nil:
			list = append(list, command{host: m[1], text: m[2]})
		case last < 0:
			return nil, fmt.Errorf("%q stands before the first prompt", line)
		default:
			list[last].want = append(list[last].want, line)
		}
	}
	return list, nil
}

// pages are the README and all pages of the documentation.
func pages(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(top, "contrib/docs/*.md"))
	if err != nil || len(list) < 8 {
		t.Fatalf("pages: %v, %v", list, err)
	}
	return slices.Insert(list, 0, filepath.Join(top, "README.md"))
}

func read(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	list, errs := blocks(page, string(text))
	for _, err := range errs {
		t.Error(err)
	}
	return list
}

// Nothing is left out silently.
func TestEveryTranscriptSaysHowItIsReplayed(t *testing.T) {
	for _, page := range pages(t) {
		for _, b := range read(t, page) {
			if b.kind == "console" && !b.marked {
				t.Errorf("%s: a transcript without <!-- replay: ... --> before it", b.at())
			}
			if (b.kind != "console") != (b.file != "") && b.marked && b.setting != "no" {
				t.Errorf("%s: it is either a transcript, or a file", b.at())
			}
		}
	}
}

func TestBlocks(t *testing.T) {
	list, errs := blocks("p.md", "<!-- replay: cluster file /a on web1\n$ x\n-->\n```json\n{}\n```\n  ```console\n  $ a '\n  b'\n    c\n  ```\n"+
		"<!-- replay: no, why -->\n\n```console\n```\n<!-- replay: no -->\n```\n```\n<!-- replay: dev -->\ntext\n")
	got := fmt.Sprintf("%+v", list)
	want := "[{page:p.md line:4 kind:json marked:true setting:cluster anew:false file:/a host:web1 steps:[$ x] lines:[{}]}" +
		" {page:p.md line:7 kind:console marked:false setting: anew:false file: host: steps:[] lines:[$ a ' b'   c]}" +
		" {page:p.md line:14 kind:console marked:true setting:no anew:false file: host: steps:[] lines:[]}" +
		" {page:p.md line:17 kind: marked:true setting: anew:false file: host: steps:[] lines:[]}]"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if fmt.Sprint(errs) != "[p.md:16: the comment does not say how the block is replayed p.md:20: a comment on replaying stands before no block]" {
		t.Error(errs)
	}
	cmds, err := commands(list[1].lines)
	if fmt.Sprintf("%q", cmds) != `[{"" "a '\nb'" ["  c"]}]` || err != nil {
		t.Errorf("%q, %v", cmds, err)
	}
	if _, err := commands([]string{"c"}); err == nil {
		t.Error("output without a command is taken")
	}
}
