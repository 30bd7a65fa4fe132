package top

import (
	"strings"

	"charm.land/lipgloss/v2"

	"muster/cmd/terminal"
)

// tone is how a piece of text stands out.
type tone int

const (
	normal tone = iota
	title
	faint
	good
	fair
	bad
	chosen
	tones
)

// toneOf is the tone of a level. What passes needs no attention.
func toneOf(l level) tone { return [...]tone{normal, fair, bad}[l] }

// painter draws tones; without colours they all look the same.
type painter [tones]*lipgloss.Style

func newPainter(colour bool) painter {
	if !colour {
		return painter{}
	}
	style := func(s lipgloss.Style) *lipgloss.Style { return &s }
	ink := func(c string) *lipgloss.Style { return style(lipgloss.NewStyle().Foreground(lipgloss.Color(c))) }
	return painter{
		title: style(lipgloss.NewStyle().Bold(true)), faint: style(lipgloss.NewStyle().Faint(true)),
		good: ink("2"), fair: ink("3"), bad: ink("1"), // of the terminal's own sixteen
		chosen: style(lipgloss.NewStyle().Reverse(true)),
	}
}

func (p *painter) draw(t tone, text string) string {
	if p[t] == nil {
		return text
	}
	return p[t].Render(text)
}

// piece is a piece of a line, in printable text.
type piece struct {
	text string
	tone tone
}

// flow fills lines of width cells with pieces, none of which is parted; what the lines have no room for is left out.
func (p *painter) flow(pieces []piece, width, lines int) []string {
	var out []string
	var line strings.Builder
	used := 0
	for _, piece := range pieces {
		if piece.text == "" {
			continue
		}
		text := terminal.Clip(piece.text, width)
		cells := terminal.Width(text)
		if used > 0 && used+len(gap)+cells > width {
			out = append(out, line.String())
			line.Reset()
			used = 0
		}
		if len(out) == lines {
			return out
		}
		if used > 0 {
			line.WriteString(gap)
			used += len(gap)
		}
		line.WriteString(p.draw(piece.tone, text))
		used += cells
	}
	if used > 0 {
		out = append(out, line.String())
	}
	return out
}
