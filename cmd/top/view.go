package top

import (
	"strings"

	"muster/cmd/terminal"
)

// layout is how the lines of the screen are shared out.
type layout struct {
	head []string // of the screen
	body int      // rows of the list or lines of the text, below a title and, with a list, its head
	pane int      // lines below, their title included; 0: none
	foot int
}

// layout shares the screen out. What is low has no pane, and less of a head.
func (m *Model) layout() layout {
	lines := 2
	switch {
	case m.height >= 20:
		lines = 5
	case m.height >= 14:
		lines = 3
	}
	l := layout{head: m.paint.flow(m.head(), m.width, lines)}
	if m.height >= 8 {
		l.head = append(l.head, m.paint.flow(m.dns(), m.width, 1)...)
	}
	if m.typing || m.height >= 14 {
		l.foot = 1
	}
	if m.height >= 16 {
		switch m.page {
		case ofServices:
			l.pane = m.height / 3
		case ofInstances:
			l.pane = m.height * 2 / 5
		}
	}
	l.body = m.height - len(l.head) - 1 - l.pane - l.foot
	if m.page != ofChecks {
		l.body-- // the head of the list
	}
	l.body = max(l.body, 1)
	return l
}

// body is how many rows there is room for.
func (m *Model) body() int { return m.layout().body }

// View draws the screen: lines parted by newlines, as many as there is room for, none longer than that.
func (m *Model) View() string {
	m.arrange()
	lines := m.helpLines()
	if !m.help {
		lines = m.lines()
	}
	if len(lines) > m.height {
		lines = lines[:max(m.height, 0)]
	}
	return strings.Join(lines, "\n")
}

func (m *Model) lines() []string {
	l := m.layout()
	var body, pane []string
	heading := 1
	switch m.page {
	case ofServices:
		body, pane = m.serviceLines(l.body), m.eventLines(l.pane)
		heading++
	case ofInstances:
		body, pane = m.instanceLines(l.body), m.checkPane(l.pane)
		heading++
	case ofChecks:
		body = m.checkPage(l.body)
	}
	lines := append(l.head, filled(body, l.body+heading)...)
	lines = append(lines, filled(pane, l.pane)...)
	if l.foot > 0 {
		lines = append(lines, m.foot())
	}
	return lines
}

// filled makes lines n lines.
func filled(lines []string, n int) []string {
	for len(lines) < n {
		lines = append(lines, "")
	}
	return lines[:n]
}

// rule is a title over what follows.
func (m *Model) rule(text string) string {
	text = terminal.Clip("── "+text+" ", m.width)
	return m.paint.draw(faint, text+strings.Repeat("─", max(m.width-terminal.Width(text), 0)))
}

// foot is the filter as it is typed, or what keys there are.
func (m *Model) foot() string {
	if m.typing {
		text := "/" + *m.filter()
		if over := terminal.Width(text) + 1 - m.width; over > 0 { // its end is what is typed
			_, text = terminal.Cut(text, over)
		}
		return m.paint.draw(title, text) + m.paint.draw(chosen, "_")
	}
	keys := "q quit  ? help  / filter  f failing  p pause  enter open"
	if m.page != ofServices {
		keys = "esc back  " + keys
	}
	return m.paint.draw(faint, terminal.Clip(keys, m.width))
}

// helpLines is the page of help.
func (m *Model) helpLines() []string {
	text := `muster top: the worst comes first

up down j k PgUp PgDn Home End   move
enter   open: instances, then checks
esc     back
/       filter by words
f       failing ones alone
p       pause, and go on
q       quit
ctrl-z  suspend

An instance is as bad as the worst of
its checks and its node's. DNS is what
the agent was asked between two looks;
"cached" is the share of answers from
its cache. Changes are those seen since
this was started.

Any key goes back.`
	var out []string
	for line := range strings.Lines(text) {
		out = append(out, terminal.Clip(strings.TrimSuffix(line, "\n"), m.width))
	}
	return out
}
