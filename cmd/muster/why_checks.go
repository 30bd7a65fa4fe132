package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// printChecks writes the checks that speak against an instance, with their last
// words, unless it is out for another reason; with verbose all of its checks.
func printChecks(w io.Writer, c *httpapi.ExplainedInstance, verbose bool) {
	if !verbose && !c.In && !slices.Contains([]string{"critical", "maintenance", "not-passing"}, c.Verdict) {
		return
	}
	who := c.Node
	if c.ID != "" {
		who = c.ID + " on " + c.Node
	}
	for _, check := range c.Checks {
		if !check.Against && !verbose && !disputed(&check) {
			continue
		}
		state, said := stateOf(&check), check.Output
		if c.Status == "maintenance" && check.Against {
			state, said = "in maintenance", check.Notes
			if check.OfNode {
				state = "the node is in maintenance"
			}
		}
		fmt.Fprintf(w, "\n%s: %s%s, last changed at index %d\n", who, state, since(&check), check.ModifyIndex)
		for _, line := range firstLines(said) {
			fmt.Fprintf(w, "    %s\n", line)
		}
		printObservers(w, &check, verbose)
		printTransitions(w, check.Transitions, verbose)
	}
}

// disputed reports whether observers of a check disagree.
func disputed(c *httpapi.ExplainedCheck) bool {
	return slices.ContainsFunc(c.Observers, func(o httpapi.CheckObserver) bool { return o.Dissents })
}

// printObservers writes who observes a check: those who agree with what decided in a line, the
// others with what they see or why they cannot tell; with verbose so all of them.
func printObservers(w io.Writer, c *httpapi.ExplainedCheck, verbose bool) {
	var agree []string
	for _, o := range c.Observers {
		if o.Status == c.Status {
			agree = append(agree, o.Node)
		}
	}
	if len(c.Observers) > 0 {
		text := fmt.Sprintf("%d of %d observers see it %s", len(agree), len(c.Observers), c.Status)
		if len(agree) > 0 && !verbose {
			text += ": " + strings.Join(agree, ", ")
		}
		fmt.Fprintf(w, "    %s\n", text)
	}
	for _, o := range c.Observers {
		if o.Status == c.Status && !verbose {
			continue
		}
		text := o.Node + " sees it " + o.Status
		if o.Status == "" {
			text = o.Node + " cannot tell"
		}
		if said := firstLines(o.Output); said != nil {
			text += ": " + said[0]
		}
		fmt.Fprintf(w, "      %s\n", text)
	}
}

// shownTransitions is how many of the last changes of a status are shown.
const shownTransitions = 3

// printTransitions writes how a check came to its status. A single change is that
// to the present one, of which all has been said.
func printTransitions(w io.Writer, history []httpapi.CheckTransition, verbose bool) {
	if !verbose {
		if len(history) < 2 {
			return
		}
		history = history[max(0, len(history)-shownTransitions):]
	}
	if len(history) > 0 {
		fmt.Fprintln(w, "    Last changes of its status:")
	}
	for _, t := range history {
		text := fmt.Sprintf("%s  %s to %s", t.At.Format("2006-01-02T15:04:05.000Z07:00"), t.From, t.To)
		if said := firstLines(t.Reason); said != nil {
			text += ": " + said[0]
		}
		fmt.Fprintf(w, "      %s\n", text)
	}
}

// stateOf reads like `node check "disk" (script) is critical`.
func stateOf(c *httpapi.ExplainedCheck) string {
	text := fmt.Sprintf("check %q", c.CheckID)
	if c.OfNode {
		text = "node " + text
	}
	if c.Type != "" {
		text += " (" + c.Type + ")"
	}
	return text + " is " + c.Status
}

func since(c *httpapi.ExplainedCheck) string {
	if c.Since == nil {
		return ""
	}
	text := " since " + c.Since.Format(time.RFC3339)
	if c.OrBefore {
		text += " or before"
	}
	return text
}

// Most of a check's output that is shown; JSON has the whole.
const (
	shownLines = 5
	shownWidth = 160
)

// firstLines returns the beginning of a probe's output.
func firstLines(text string) []string {
	clean := printable(strings.TrimSpace(text))
	if clean == "" {
		return nil
	}
	lines := strings.Split(clean, "\n")
	if len(lines) > shownLines {
		lines = append(lines[:shownLines], "...")
	}
	for i, line := range lines {
		if r := []rune(line); len(r) > shownWidth {
			lines[i] = string(r[:shownWidth]) + "..."
		}
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
