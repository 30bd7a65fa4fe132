package catalog

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Render returns the query that a template is for a name, with all variables filled in. Any other query is itself.
func (q *PreparedQuery) Render(name string) *PreparedQuery {
	if q.Template == nil {
		return q
	}
	var groups []string
	if q.re != nil {
		groups = q.re.FindStringSubmatch(name)
	}
	prefix := min(len(q.Name), len(name))
	value := func(variable string, n int) string {
		switch variable {
		case "name.full":
			return name
		case "name.prefix":
			return q.Name
		case "name.suffix":
			return name[prefix:]
		case "match":
			if n < len(groups) {
				return groups[n]
			}
		}
		return "" // of agent.segment, too: there is one segment, without a name
	}
	out := *q
	// What cannot be read was refused when the query was made.
	_ = q.Service.rewritten(func(text string) (string, error) { return interpolate(text, value) }, &out.Service)
	if q.Template.RemoveEmptyTags {
		out.Service.Tags = slices.DeleteFunc(out.Service.Tags, func(tag string) bool { return tag == "" || tag == "!" })
	}
	return &out
}

// rewritten makes into a copy of the query in which by was called for every text that variables may stand in.
func (s *ServiceQuery) rewritten(by func(string) (string, error), into *ServiceQuery) error {
	out := *s
	out.IgnoreCheckIDs, out.Tags = slices.Clone(s.IgnoreCheckIDs), slices.Clone(s.Tags)
	out.Failover.Datacenters, out.Failover.Targets = slices.Clone(s.Failover.Datacenters), slices.Clone(s.Failover.Targets)
	out.NodeMeta, out.ServiceMeta = maps.Clone(s.NodeMeta), maps.Clone(s.ServiceMeta)
	texts := []*string{&out.Service, &out.Near}
	for _, list := range [][]string{out.IgnoreCheckIDs, out.Tags, out.Failover.Datacenters} {
		for i := range list {
			texts = append(texts, &list[i])
		}
	}
	for i := range out.Failover.Targets {
		texts = append(texts, &out.Failover.Targets[i].Datacenter, &out.Failover.Targets[i].Service)
	}
	for _, text := range texts {
		var err error
		if *text, err = by(*text); err != nil {
			return err
		}
	}
	for _, m := range []map[string]string{out.NodeMeta, out.ServiceMeta} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			text, err := by(m[key])
			if err != nil {
				return err
			}
			m[key] = text
		}
	}
	*into = out
	return nil
}

// interpolate replaces the ${...} of a text; value is told the variable, and of match which group. "$${" is
// "${" itself. The errors are Invalid.
func interpolate(text string, value func(variable string, group int) string) (string, error) {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			out.WriteString(text)
			return out.String(), nil
		}
		if escaped, is := strings.CutSuffix(before, "$"); is {
			out.WriteString(escaped + "${")
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		name = strings.TrimSpace(name)
		if !closed {
			return "", Errorf(Invalid, "%.80q: a ${ is not closed", text)
		}
		variable, group, ok := variableOf(name)
		if !ok {
			return "", Errorf(Invalid, "${%.40s}: is none of ${name.full}, ${name.prefix}, ${name.suffix}, ${match(N)}, ${agent.segment}", name)
		}
		out.WriteString(before)
		out.WriteString(value(variable, group))
		text = rest
	}
}

func variableOf(name string) (variable string, group int, ok bool) {
	switch name {
	case "name.full", "name.prefix", "name.suffix", "agent.segment":
		return name, 0, true
	}
	number, is := strings.CutPrefix(name, "match(")
	number, closed := strings.CutSuffix(number, ")")
	group, err := strconv.Atoi(strings.TrimSpace(number))
	return "match", group, is && closed && err == nil && group >= 0
}
