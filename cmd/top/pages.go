package top

import (
	"fmt"
	"strconv"
	"strings"

	"muster/cmd/terminal"
)

// mark stands before the row under the cursor.
const mark = "> "

var (
	serviceColumns = []column{
		{head: "SERVICE", least: 12, fill: true}, {head: "PASS", right: true, drop: 3}, {head: "WARN", right: true, drop: 2},
		{head: "CRIT", right: true, drop: 1}, {head: "CHANGED", right: true, drop: 4},
	}
	instanceColumns = []column{
		{head: "STATUS"}, {head: "INSTANCE", least: 10, fill: true}, {head: "NODE", least: 8, most: 30, drop: 1},
		{head: "ADDRESS", least: 8, most: 40, drop: 2}, {head: "CHANGED", right: true, drop: 3},
	}
	eventColumns = []column{
		{head: "TIME"}, {head: "SERVICE", least: 8, most: 24}, {head: "INSTANCE", least: 8, most: 32, drop: 2},
		{head: "CHECK", least: 6, most: 28, drop: 3}, {head: "CHANGE"}, {head: "OUTPUT", least: 12, fill: true, drop: 4},
	}
)

// titleLine is above a list: what it is of, what is left out, and how bad it is.
func (m *Model) titleLine(text, health string) string {
	pieces := []piece{{text, title}}
	if m.failing {
		pieces = append(pieces, piece{"failing ones alone", fair})
	}
	if f := *m.filter(); f != "" && !m.typing {
		pieces = append(pieces, piece{"/" + f, fair})
	}
	pieces = append(pieces, piece{health, normal})
	return strings.Join(m.paint.flow(pieces, m.width, 1), "")
}

// serviceLines is the list of services: title, head, and the rows around the cursor.
func (m *Model) serviceLines(room int) []string {
	if m.cluster == nil {
		return nil
	}
	text := terminal.Count(len(m.cluster.services), "service")
	if len(m.rows) != len(m.cluster.services) {
		text = fmt.Sprintf("%d of %s", len(m.rows), text)
	}
	health := tally(m.cluster.count)
	if health != "" {
		all := 0
		for _, n := range m.cluster.count {
			all += n
		}
		health = terminal.Count(all, "instance") + ": " + health
	}
	from, to := m.services.window(len(m.rows), room)
	var cells [][]string
	for _, s := range m.rows[from:to] {
		cells = append(cells, m.serviceCells(s))
	}
	return append([]string{m.titleLine(text, health)}, m.list(serviceColumns, cells, m.services.cursor-from, func(i int) tone { return toneOf(m.rows[from+i].level()) })...)
}

func (m *Model) serviceCells(s *service) []string {
	return []string{terminal.OneLine(s.name), strconv.Itoa(s.count[passing]), strconv.Itoa(s.count[warning]), strconv.Itoa(s.count[critical]), m.ago(s.turn)}
}

// list draws the visible rows of a list below their head.
func (m *Model) list(columns []column, cells [][]string, cursor int, toneOf func(int) tone) []string {
	if len(cells) == 0 {
		return []string{m.paint.draw(faint, terminal.Clip("  none", m.width))}
	}
	lines := table(columns, cells, m.width-len(mark))
	for i, line := range lines {
		switch at := i - 1; {
		case i == 0:
			lines[i] = m.paint.draw(faint, terminal.Clip("  "+line, m.width))
		case at == cursor:
			lines[i] = m.paint.draw(chosen, terminal.Pad(mark+line, m.width, false))
			if m.paint[chosen] == nil {
				lines[i] = terminal.Clip(mark+line, m.width)
			}
		default:
			lines[i] = m.paint.draw(toneOf(at), terminal.Clip("  "+line, m.width))
		}
	}
	return lines
}

// instanceLines is the list of a service's instances.
func (m *Model) instanceLines(room int) []string {
	if m.cluster == nil {
		return nil
	}
	s := m.cluster.services[m.of]
	if s == nil {
		return []string{m.titleLine(terminal.OneLine(m.of)+" has no instances any more", "")}
	}
	text := terminal.OneLine(s.name) + ", " + terminal.Count(len(s.instances), "instance")
	if len(m.members) != len(s.instances) {
		text = fmt.Sprintf("%s, %d of %s", terminal.OneLine(s.name), len(m.members), terminal.Count(len(s.instances), "instance"))
	}
	from, to := m.instances.window(len(m.members), room)
	var cells [][]string
	for _, i := range m.members[from:to] {
		cells = append(cells, []string{i.level.String(), terminal.OneLine(i.id), terminal.OneLine(i.node.name), terminal.OneLine(i.endpoint()), m.ago(i.turn)})
	}
	return append([]string{m.titleLine(text, tally(s.count))}, m.list(instanceColumns, cells, m.instances.cursor-from, func(i int) tone { return toneOf(m.members[from+i].level) })...)
}

// eventLines is the pane of changes, the latest first.
func (m *Model) eventLines(room int) []string {
	if room == 0 {
		return nil
	}
	lines := []string{m.rule("changes")}
	var shown []event
	for i := len(m.events) - 1; i >= 0 && len(shown) < room-1; i-- {
		shown = append(shown, m.events[i])
	}
	var cells [][]string
	for i := range shown {
		cells = append(cells, shown[i].cells())
	}
	for i, line := range table(eventColumns, cells, m.width) {
		if i > 0 {
			lines = append(lines, m.paint.draw(toneOf(shown[i-1].level), line))
		}
	}
	if len(shown) == 0 {
		lines = append(lines, m.paint.draw(faint, terminal.Clip("none yet", m.width)))
	}
	return lines
}

func (e *event) cells() []string {
	where, service := e.node, e.service
	if e.instance != "" {
		where += "/" + e.instance
	}
	if service == "" {
		service = "-"
	}
	change := e.to
	if e.from != "" {
		change = e.from + " → " + e.to
	}
	return []string{e.at.Format(clock), terminal.OneLine(service), terminal.OneLine(where), terminal.OneLine(e.check), change, firstLine(e.output)}
}

// checkPane is the pane of the checks of the instance under the cursor.
func (m *Model) checkPane(room int) []string {
	i := m.selected()
	if room == 0 || i == nil {
		return nil
	}
	lines := m.checkLines(i, room)
	if len(lines) > room-1 {
		lines[room-2] = m.paint.draw(faint, terminal.Clip("more: enter", m.width))
	}
	return append([]string{m.rule("checks of " + terminal.OneLine(i.node.name+"/"+i.id))}, lines...)
}

// checkPage is the page of the checks of an instance: a title, and as much of the text as there is room for.
func (m *Model) checkPage(room int) []string {
	i := m.selected()
	if i == nil {
		return []string{m.paint.draw(bad, terminal.Clip(terminal.OneLine(m.onNode+"/"+m.onID)+" is gone", m.width))}
	}
	text := fmt.Sprintf("%s on %s, %s: %v", i.id, i.node.name, i.endpoint(), i.level)
	lines := m.checkLines(i, m.scroll+room)
	m.scroll = max(min(m.scroll, len(lines)-room), 0)
	return append([]string{m.paint.draw(title, terminal.Clip(terminal.OneLine(text), m.width))}, lines[m.scroll:]...)
}

// checkLines has the checks of an instance with all they say, wrapped, and no more than limit lines.
func (m *Model) checkLines(i *instance, limit int) []string {
	const indent = "    "
	var lines []string
	for _, c := range i.listed() {
		text := fmt.Sprintf("%-8v  %s", c.level, terminal.OneLine(c.label()))
		if c.id != c.label() {
			text += " (" + terminal.OneLine(c.id) + ")"
		}
		if c.serviceID == "" {
			text += ", of the node"
		}
		lines = append(lines, m.paint.draw(toneOf(c.level), terminal.Clip(text, m.width)))
		for line := range strings.Lines(strings.TrimSpace(terminal.Printable(c.output))) {
			for rest := strings.TrimRight(line, " \n"); rest != "" && len(lines) < limit; {
				var head string
				head, rest = terminal.Cut(rest, m.width-len(indent))
				lines = append(lines, terminal.Clip(indent+head, m.width))
			}
		}
		if len(lines) >= limit {
			return lines[:limit]
		}
	}
	if len(lines) == 0 {
		lines = append(lines, m.paint.draw(faint, terminal.Clip("no checks: it counts as passing", m.width)))
	}
	return lines
}
