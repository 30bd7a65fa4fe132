package top

import (
	"strings"
	"unicode/utf8"

	"muster/cmd/terminal"
)

// maxFilter bounds what is typed, in octets.
const maxFilter = 100

// key does what a key stands for.
func (m *Model) key(k Key) Action {
	switch {
	case k.Name == "ctrl+c":
		return Quit
	case k.Name == "ctrl+z":
		return Suspend
	case m.typing:
		m.typed(k)
		return Nothing
	case m.help:
		m.help = false
		if k.Name != "q" {
			return Nothing
		}
	}
	switch k.Name {
	case "q":
		return Quit
	case "?":
		m.help = true
	case "p":
		if m.paused {
			return m.resume()
		}
		m.paused = true
	case "f":
		if m.page != ofChecks {
			m.failing = !m.failing
			m.dirty = true
		}
	case "/":
		m.typing = m.page != ofChecks
	case "enter", "right", "l":
		m.open()
	case "esc", "backspace", "left", "h":
		m.back()
	default:
		m.move(k.Name)
	}
	return Nothing
}

// filter is what the rows of the page are chosen by.
func (m *Model) filter() *string { return &m.filters[min(m.page, ofInstances)] }

// typed edits the filter.
func (m *Model) typed(k Key) {
	f := m.filter()
	switch k.Name {
	case "enter":
		m.typing = false
		return
	case "esc":
		m.typing, *f = false, ""
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(*f)
		*f = (*f)[:len(*f)-n]
	case "ctrl+u":
		*f = ""
	default:
		text := strings.ReplaceAll(terminal.Printable(k.Text), "\n", " ")
		if len(*f)+len(text) > maxFilter {
			return
		}
		*f += text
	}
	m.dirty = true
}

// open goes into what is under the cursor.
func (m *Model) open() {
	m.arrange()
	switch {
	case m.page == ofServices && len(m.rows) > 0:
		m.of = m.rows[m.services.cursor].key()
		m.page, m.instances, m.filters[ofInstances] = ofInstances, list{}, ""
	case m.page == ofInstances && len(m.members) > 0:
		i := m.members[m.instances.cursor]
		m.instances.key = i.key() // and not whatever comes to the top
		m.page, m.scroll, m.onNode, m.onID = ofChecks, 0, fold(i.node.name), i.id
	}
	m.dirty = true
}

// back goes back to where we came from; at the beginning everything is shown again.
func (m *Model) back() {
	switch {
	case m.page == ofServices || m.page == ofInstances && *m.filter() != "":
		*m.filter() = ""
	default:
		m.page--
	}
	m.dirty = true
}

// move moves the cursor, or on the page of checks the text.
func (m *Model) move(key string) {
	full := m.body()
	by := map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1, "pgup": -full, "ctrl+b": -full, "pgdown": full, "ctrl+f": full, "space": full,
		"home": -1 << 30, "g": -1 << 30, "end": 1 << 30, "G": 1 << 30,
	}[key]
	if by == 0 {
		return
	}
	m.arrange()
	switch m.page {
	case ofServices:
		m.services.to(m.services.cursor+by, len(m.rows), m.serviceKey)
	case ofInstances:
		m.instances.to(m.instances.cursor+by, len(m.members), m.instanceKey)
	case ofChecks:
		m.scroll = max(m.scroll+by, 0) // drawing bounds it below
	}
}

// selected is the instance that is looked at; nil: there is none.
func (m *Model) selected() *instance {
	switch {
	case m.cluster == nil:
	case m.page == ofChecks: // it may have gone, and another be under the cursor
		if n := m.cluster.nodes[m.onNode]; n != nil {
			return n.instances[m.onID]
		}
	case m.instances.cursor < len(m.members):
		return m.members[m.instances.cursor]
	}
	return nil
}
