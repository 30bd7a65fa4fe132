package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"muster/catalog/httpapi"
)

// printExplanation writes an explanation for people: the answer, how it came about, and who was considered.
// With verbose it speaks of checks, too, that nothing hangs on.
func printExplanation(w io.Writer, e *httpapi.Explanation, verbose bool) {
	fmt.Fprintf(w, "%s %s: %s\n", e.Name, e.Type, verdict(e))
	for _, record := range e.Answer {
		fmt.Fprintf(w, "    %s\n", record)
	}
	for i := range e.Names {
		fmt.Fprintln(w)
		printName(w, &e.Names[i], i > 0, verbose)
	}
	fmt.Fprintln(w)
	table(w, slices.Concat(aroundAnswer(e), [][]string{{"Agent:", answeredBy(e)}}))
}

// verdict is the answer in a few words.
func verdict(e *httpapi.Explanation) string {
	text := e.Rcode
	switch n := len(e.Answer); {
	case n == 1:
		text += ", 1 record"
	case n > 1:
		text += fmt.Sprintf(", %d records", n)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

// answeredBy says whose knowledge the answer is, and how old.
func answeredBy(e *httpapi.Explanation) string {
	a := &e.Agent
	text := fmt.Sprintf("%s in %s, ", a.Node, a.Datacenter)
	if !a.Ready {
		return text + "the catalog is not loaded yet"
	}
	text += fmt.Sprintf("from index %d of the catalog, ", a.Index)
	if age, err := time.ParseDuration(a.Age); err == nil && age == 0 {
		return text + "current"
	}
	text += "last known to be current " + a.Age + " ago"
	if e.Stale {
		text += ": stale"
	}
	return text
}

// aroundAnswer is what becomes of the answer after it was decided.
func aroundAnswer(e *httpapi.Explanation) [][]string {
	var rows [][]string
	if len(e.Recursors) > 0 {
		rows = append(rows, []string{"Recursors:", strings.Join(e.Recursors, ", ") + " are asked for the rest; this explanation asks nobody"})
	}
	if sent := e.Message.Sent; sent < len(e.Answer) {
		text := fmt.Sprintf("%d of %d records fit into %d octets", sent, len(e.Answer), e.Message.Limit)
		if e.Message.Truncated {
			text += "; TC is set, so clients ask again over TCP"
		}
		rows = append(rows, []string{"Message:", text})
	}
	return rows
}

func printName(w io.Writer, n *httpapi.ExplainedName, alias, verbose bool) {
	var rows [][]string
	if alias {
		rows = append(rows, []string{"Alias to:", n.Name})
	}
	rows = append(rows, []string{"Zone:", n.Zone}, []string{"Read as:", n.ReadAs})
	for _, ttl := range n.TTL {
		rows = append(rows, []string{"TTL:", fmt.Sprintf("%d s (%s)", ttl.Seconds, ttl.From)})
	}
	if n.Of > 0 {
		how := "drawn anew by weight for every answer"
		if n.Near != "" {
			how = "the nearest"
		}
		rows = append(rows, []string{"Limit:", fmt.Sprintf("%d of %d records, %s", n.Kept, n.Of, how)})
	}
	if n.LocalOf > 0 {
		rows = append(rows, []string{"Local:", fmt.Sprintf("%d of %d healthy instances, those in the %s", n.LocalKept, n.LocalOf, n.LocalWithin)})
	}
	if n.Near != "" {
		rows = append(rows, []string{"Order:", "by the estimated round trip from " + n.Near})
	}
	if b := n.Brake; b != nil {
		rows = append(rows, []string{"Brake:", brakeText(b)})
	}
	table(w, rows)
	if len(n.Considered) == 0 {
		return
	}
	fmt.Fprintln(w)
	table(w, consideredColumns(n))
	for i := range n.Considered {
		printChecks(w, &n.Considered[i], verbose)
	}
}

// brakeText says what a brake came of, and how to be rid of it.
func brakeText(b *httpapi.Brake) string {
	text := fmt.Sprintf("since index %d: %d of %d healthy instances failed together, more than %d %%", b.Index, b.Failed, b.Of, b.Percent)
	if b.Lifted {
		return text + "; lifted by an operator, so that failing ones are left out"
	}
	return text + `; "muster operator brake lift ` + b.Service + `" has failing ones left out`
}

func consideredColumns(n *httpapi.ExplainedName) [][]string {
	rows := [][]string{{"", "Instance", "Node", "Address", "Port", "Weight", "Zone", "RTT", "Status", "Tags", "Why"}}
	for _, c := range n.Considered {
		port, weight := "", ""
		if c.Port > 0 {
			port = strconv.Itoa(c.Port)
		}
		if c.Weight != nil {
			weight = strconv.Itoa(*c.Weight)
		}
		row := []string{"out", c.ID, c.Node, strings.Join(c.Addresses, ","), port, weight, zoneText(&c), c.RTT, c.Status, strings.Join(c.Tags, ","), c.Why}
		if c.In {
			row[0], row[len(row)-1] = "in", c.GuardWhy
		}
		rows = append(rows, row)
	}
	return withoutEmpty(rows)
}

// zoneText is where an instance runs, as REGION/ZONE.
func zoneText(c *httpapi.ExplainedInstance) string {
	if c.Zone == "" {
		return c.Region
	}
	return c.Region + "/" + c.Zone
}

// withoutEmpty takes out the columns that hold nothing below their head.
func withoutEmpty(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for column := range rows[0] {
		if !slices.ContainsFunc(rows[1:], func(r []string) bool { return r[column] != "" }) {
			continue
		}
		for i, r := range rows {
			out[i] = append(out[i], r[column])
		}
	}
	return out
}
