package catalog

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// observed is the definition of a check that so many agents are to observe.
func observed(observers int) *CheckDefinition {
	return &CheckDefinition{TCP: "10.0.0.9:80", Interval: time.Second, Observers: observers, Status: Passing}
}

func spelt(letters string) []Status {
	var out []Status
	for _, l := range letters {
		out = append(out, map[rune]Status{'p': Passing, 'w': Warning, 'c': Critical}[l])
	}
	return out
}

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		now, said string
		expected  int
		want      string
	}{
		{"c", "", 0, "c"}, {"p", "", 1, "p"}, {"p", "", 3, "p"}, // nobody spoke
		{"c", "p", 1, "p"}, {"p", "c", 1, "c"}, {"c", "w", 1, "w"}, // one of one
		{"c", "p", 2, "c"}, {"c", "p", 3, "c"}, // half have spoken at most
		{"c", "pp", 3, "p"}, {"c", "pp", 4, "c"}, {"c", "ppp", 5, "p"}, // more than half have
		{"c", "pc", 2, "c"}, {"p", "pc", 2, "p"}, {"w", "pc", 2, "w"}, // a tie changes nothing
		{"c", "pw", 2, "w"}, {"p", "wc", 2, "w"}, // it moves no further than between them
		{"p", "cpp", 3, "p"}, {"p", "ppc", 3, "p"}, {"c", "ccp", 3, "c"}, {"c", "pcc", 3, "c"}, // one liar of three
		{"p", "cpc", 3, "c"}, {"c", "cpp", 3, "p"}, // two agree
		{"p", "pwc", 3, "w"}, {"c", "wwp", 3, "w"}, // the middle one
		{"c", "ppcc", 4, "c"}, {"p", "ppcc", 4, "p"}, {"c", "pppc", 4, "p"}, {"p", "cccp", 4, "c"}, // four
		{"p", "ppccc", 5, "c"}, {"c", "pppcc", 5, "p"}, // five
		{"p", "cc", 1, "c"}, // more than there should be: one has yet to withdraw
	} {
		got := decide(spelt(c.now)[0], spelt(c.said), c.expected)
		if got != spelt(c.want)[0] {
			t.Errorf("now %s, said %q of %d: %s", c.now, c.said, c.expected, got)
		}
	}
}

// agent registers a node whose agent is alive and observes others.
func agent(name, observes string) Command {
	return &Register{Node: Node{Name: name, Address: "10.0.0.1", Meta: map[string]string{MetaObserves: observes}},
		Checks: []*Check{{ID: SerfHealth, Status: Passing}}}
}

func health(name string, s Status) Command {
	return &SetStatus{Node: name, CheckID: SerfHealth, Status: s}
}

// sees is an observer's verdict on the check that TestObserve is about.
func sees(observer string, s Status) Command {
	return &Observe{Node: "ext", CheckID: "up", Observer: observer, Defined: 5, Status: s, Output: observer + " says " + string(s)}
}

// external registers it, on a node without an agent.
func external(observers int) Command {
	return &Register{Node: Node{Name: "ext", Address: "10.0.0.9"}, Instance: &Instance{ID: "db", Name: "db"},
		Checks: []*Check{{ID: "up", ServiceID: "db", Status: Critical, Definition: observed(observers)}}}
}

// Each line is what happens to three agents and the check, which is critical at first, and then how it stands.
func TestObserve(t *testing.T) {
	p, w, c := Passing, Warning, Critical
	for name, run := range map[string]struct {
		observers int
		commands  []Command
		status    Status
		rows      string // observers that have a say
		output    string // how it begins
	}{
		"nobody has looked":             {3, nil, c, "", ""},
		"one of three":                  {3, []Command{sees("a1", p)}, c, "a1", ""},
		"two of three":                  {3, []Command{sees("a1", p), sees("A2", p)}, p, "a1 a2", "a1 says passing"},
		"one liar":                      {3, []Command{sees("a1", p), sees("a2", p), sees("a3", c)}, p, "a1 a2 a3", "a1 says passing"},
		"a liar who is first":           {3, []Command{sees("a1", p), sees("a2", c), sees("a3", c)}, c, "a1 a2 a3", "a2 says critical"},
		"all change their mind":         {3, []Command{sees("a1", p), sees("a2", p), sees("a1", c), sees("a2", c)}, c, "a1 a2", "a1 says critical"},
		"three of three opinions":       {3, []Command{sees("a1", p), sees("a2", w), sees("a3", c)}, w, "a1 a2 a3", "a2 says warning"},
		"one of one":                    {1, []Command{sees("a2", p)}, p, "a2", "a2 says passing"},
		"five asked for, three there":   {5, []Command{sees("a1", p), sees("a2", p)}, p, "a1 a2", "a1"},
		"two asked for, a tie":          {2, []Command{sees("a1", p), sees("a2", p), sees("a2", c)}, p, "a1 a2", "a1"},
		"a dead one has no say":         {3, []Command{sees("a1", p), sees("a2", p), sees("a3", c), sees("a2", c), health("a3", c), health("a2", c)}, p, "a1", "a1"},
		"what a dead one says is late":  {3, []Command{health("a1", c), sees("a1", p)}, c, "", ""},
		"a removed one has no say":      {1, []Command{sees("a1", p), sees("a2", c), &Deregister{Node: "a2"}, sees("a1", p)}, p, "a1", "a1"},
		"one who came back has a say":   {1, []Command{health("a1", c), health("a1", p), sees("a1", p)}, p, "a1", "a1"},
		"one who is willing no more":    {1, []Command{sees("a1", p), agent("a1", "0"), sees("a1", c)}, p, "", "a1"},
		"a stranger":                    {1, []Command{sees("nobody", p)}, c, "", ""},
		"all abstain":                   {3, []Command{sees("a1", ""), sees("a2", ""), sees("a3", "")}, c, "a1 a2 a3", ""},
		"two abstain":                   {3, []Command{sees("a1", ""), sees("a2", ""), sees("a3", p)}, p, "a1 a2 a3", "a3"},
		"one withdraws":                 {3, []Command{sees("a1", p), sees("a2", p), &Observe{Node: "ext", CheckID: "up", Observer: "a1", Withdraw: true}}, p, "a2", "a1"},
		"registered again":              {1, []Command{sees("a1", p), external(1)}, p, "a1", "a1"},
		"registered with another probe": {1, []Command{sees("a1", p), external(2), sees("a1", p)}, c, "", ""},
		"the check is gone":             {1, []Command{sees("a1", p), &Deregister{Node: "ext", CheckID: "up"}, external(1), sees("a1", p)}, c, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := New()
			apply(t, s, &SetKey{Key: []byte("k")}, agent("a1", "9"), agent("a2", "9"), agent("a3", "9"), external(run.observers))
			for i, command := range run.commands {
				s.Apply(uint64(10+i), command) // some are refused
			}
			snap := s.Snapshot()
			k := snap.Check("ext", "up")
			var rows []string
			for _, o := range snap.Observations("ext", "up") {
				rows = append(rows, o.Observer)
			}
			if k.Status != run.status || strings.Join(rows, " ") != run.rows || !strings.HasPrefix(k.Output, run.output) {
				t.Errorf("%s %q by %v", k.Status, k.Output, rows)
			}
			if snap.Unsettled(k) {
				t.Error("is unsettled")
			}
		})
	}
}

// An owner is one of its check's observers, and has no more say than another.
func TestOwnerObserves(t *testing.T) {
	own := func(s Status) Command {
		return &Register{Node: Node{Name: "a1"}, SkipNodeUpdate: true, Own: true, Checks: []*Check{{ID: "up", Status: s, Definition: &CheckDefinition{TCP: "h:1", Observers: 3}}}}
	}
	by := func(observer string, s Status) Command {
		return &Observe{Node: "a1", CheckID: "up", Observer: observer, Defined: 4, Status: s}
	}
	s := New()
	apply(t, s, agent("a1", "0"), agent("a2", "9"), agent("a3", "9"), own(Passing))
	for i, step := range []struct {
		command Command
		want    Status
	}{
		{by("a2", Critical), Critical}, {by("a3", Passing), Passing},
		{&Observe{Node: "a1", CheckID: "up", Observer: "a1", Status: Critical}, Critical}, {own(Passing), Passing},
		{health("a2", Critical), Passing}, {by("a3", Critical), Passing}, // two are left, and a tie
		{health("a3", Critical), Passing}, {own(Critical), Critical}, // it is alone
	} {
		if _, err := s.Apply(uint64(10+i), step.command); err != nil {
			t.Fatal(err)
		}
		if got := s.Snapshot().Check("a1", "up").Status; got != step.want {
			t.Errorf("step %d: %s, want %s", i, got, step.want)
		}
	}
	snap := s.Snapshot()
	if k := snap.AsSeenBy("a1", snap.Check("a1", "up")); k.Status != Critical {
		t.Errorf("as seen by its owner it is %q", k.Status)
	}
	if k := snap.AsSeenBy("a2", snap.Check("a1", "up")); k.Status != "" {
		t.Errorf("as seen by one who is dead it is %q", k.Status)
	}
}

// Observers that were expected and die without a word leave the rest unsettled.
func TestUnsettled(t *testing.T) {
	s := New()
	apply(t, s, agent("a1", "9"), agent("a2", "9"), agent("a3", "9"), agent("a4", "0"), external(3))
	apply := func(i uint64, c Command) {
		if _, err := s.Apply(i, c); err != nil {
			t.Fatal(err)
		}
	}
	apply(10, sees("a1", Passing))
	apply(11, health("a2", Critical))
	if _, changed := s.Snapshot().Observed(); true {
		apply(12, health("a3", Critical))
		select {
		case <-changed:
		default:
			t.Error("the death of an observer wakes nobody")
		}
	}
	snap := s.Snapshot()
	if k := snap.Check("ext", "up"); k.Status != Critical || !snap.Unsettled(k) {
		t.Errorf("%s, unsettled %v", k.Status, snap.Unsettled(k))
	}
	apply(13, sees("a1", Passing))
	if k := s.Snapshot().Check("ext", "up"); k.Status != Passing {
		t.Error(k.Status)
	}
	if all := snap.Observers(); len(all) != 1 || all[0].Name != "a1" {
		t.Errorf("observers %v", all)
	}
}

func TestValidateObserved(t *testing.T) {
	for want, d := range map[string]CheckDefinition{
		"":              {HTTP: "http://h/", Interval: time.Second, Observers: 3},
		"args":          {Args: []string{"x"}, Interval: time.Second, Observers: 2},
		"file":          {File: "/etc/passwd", Interval: time.Second, Observers: 2},
		"ttl":           {TTL: time.Second, Observers: 2},
		"alias_service": {AliasService: "x", Observers: 2},
		"tls_ca_file":   {TCP: "h:1", TLSCAFile: "/x", Interval: time.Second, Observers: 2},
		"pid":           {TCP: "h:1", Pid: 1, Interval: time.Second, Observers: 2},
		"observers":     {TCP: "h:1", Interval: time.Second, Observers: MaxObservers + 1},
	} {
		d.Name = "c"
		got := d.Validate(false)
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0].Field != want) {
			t.Errorf("%s: %v", want, got)
		}
	}
	local := CheckDefinition{Name: "c", Args: []string{"x"}, Interval: time.Second, Observers: 1}
	if got := local.Validate(false); len(got) > 0 {
		t.Errorf("the owner alone: %v", got)
	}
}

// drawObserved draws what observers do to the nodes of the model.
func drawObserved(t *rapid.T) Command {
	name := func(label string) string { return rapid.SampledFrom([]string{"n1", "N1", "n2", "n3"}).Draw(t, label) }
	status := func() Status { return rapid.SampledFrom([]Status{Passing, Warning, Critical}).Draw(t, "status") }
	node := name("node")
	switch rapid.IntRange(0, 3).Draw(t, "observed") {
	case 0:
		return &Register{Node: Node{Name: node, Address: "10.0.0.1", Meta: map[string]string{MetaObserves: fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "observes"))}},
			Checks: []*Check{{ID: SerfHealth, Status: status()}}}
	case 1:
		return &Register{Node: Node{Name: node, Address: "10.0.0.1"}, SkipNodeUpdate: true, Own: rapid.Bool().Draw(t, "own"),
			Checks: []*Check{{ID: "c1", Status: status(), Definition: observed(rapid.IntRange(0, 3).Draw(t, "observers"))}}}
	default:
		return &Observe{Node: node, CheckID: "c1", Observer: name("observer"), Defined: rapid.Uint64Range(0, 20).Draw(t, "defined"), Status: status(), Withdraw: rapid.Bool().Draw(t, "withdraw")}
	}
}

// Whatever happens, every observation is of a check that is observed, by one who may, and a
// state made from rows is the state that the commands made.
func TestObservationsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		for i := range uint64(60) {
			if rapid.IntRange(0, 9).Draw(t, "removal") == 0 {
				s.Apply(i+1, &Deregister{Node: rapid.SampledFrom([]string{"n1", "n2", "n3"}).Draw(t, "gone")})
			}
			s.Apply(i+1, drawObserved(t))
		}
		snap := s.Snapshot()
		for o := range snap.observations.rows(byID, nil) {
			k := snap.Check(o.Node, o.CheckID)
			if k == nil || k.Definition == nil || !EqualFold(o.Node, o.Observer) && !snap.observes(o.Observer) {
				t.Fatalf("%+v of %+v", o, k)
			}
		}
		var before, after bytes.Buffer
		other := New()
		if err := snap.Persist(&before); err != nil {
			t.Fatal(err)
		}
		if err := other.Restore(bytes.NewReader(before.Bytes())); err != nil {
			t.Fatal(err)
		}
		if err := other.Snapshot().Persist(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
			t.Fatalf("a restored state differs: %v", err)
		}
	})
}

// Who follows changes hears of a check that an observer's death brought to another status.
func TestSettledIsTouched(t *testing.T) {
	s := New()
	apply(t, s, &SetKey{Key: []byte("k")}, agent("a1", "9"), agent("a2", "9"), agent("a3", "9"), external(3))
	apply(t, s, sees("a1", Passing), sees("a2", Passing), sees("a3", Critical), sees("a2", Critical))
	at := s.Applied()
	apply(t, s, sees("a2", Passing), &Deregister{Node: "a1"}, health("a2", Critical))
	steps, _, _ := s.Changes().Since(at)
	var touched []Touched
	for _, step := range steps[1:] {
		var err error
		if touched, err = step.Touched(touched); err != nil {
			t.Fatal(err)
		}
	}
	if k := s.Snapshot().Check("ext", "up"); k.Status != Critical {
		t.Fatal(k.Status)
	}
	if !slices.Contains(touched, Touched{Node: "ext", CheckID: "up"}) {
		t.Errorf("touched %v", touched)
	}
}
