package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/cmd/resolver"
	"muster/cmd/terminal"
)

// planned is a plan, and where its target is from.
type planned struct {
	*resolver.Plan
	From string

	guessed bool // where it is from is nobody's word
}

func (s *shell) resolverPlan(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	_, p, err := s.makePlan(c)
	if err != nil {
		return err
	}
	if err := s.show(c, p, func(w io.Writer) { printPlan(w, p) }); err != nil {
		return err
	}
	if p.Refused != "" {
		return errNothing
	}
	return nil
}

// makePlan looks at the host and plans for what resolves names there.
func (s *shell) makePlan(c *cli.Context) (*resolver.Host, *planned, error) {
	t, said, err := s.resolverTarget(c)
	if err != nil {
		return nil, nil, err
	}
	h, err := host(c)
	if err != nil {
		return nil, nil, err
	}
	use, listeners, err := detected(c, h)
	if err != nil {
		return nil, nil, err
	}
	p, err := resolver.NewPlan(h, use, t, listeners)
	if err != nil {
		return nil, nil, err
	}
	return h, &planned{p, said.from, said.guessed}, nil
}

// host is what -root names, or this machine.
func host(c *cli.Context) (*resolver.Host, error) {
	root := c.String("root")
	switch {
	case !c.IsSet("root"):
		return &resolver.Host{}, nil
	case root == "": // an unset variable of a script must not mean this machine
		return nil, usagef(c, "-root names no directory")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("-root: %w", err)
	}
	return &resolver.Host{Root: root}, nil
}

// detected is the resolver that -with names, or else the one that the host shows, and who listens at port 53.
func detected(c *cli.Context, h *resolver.Host) (*resolver.Found, []resolver.Listener, error) {
	var listeners []resolver.Listener
	var err error
	if h.Live() {
		if listeners, err = resolver.Listeners(53); err != nil {
			return nil, nil, fmt.Errorf("look who listens at port 53: %w", err)
		}
	}
	if c.IsSet("with") {
		return &resolver.Found{Kind: resolver.Kind(c.String("with")), Why: "as stated"}, listeners, nil
	}
	use, err := resolver.Detect(h, listeners)
	if errors.Is(err, resolver.ErrUnclear) {
		err = fmt.Errorf("%w: name it by -with %s", err, kindNames())
	}
	return use, listeners, err
}

// printPlan writes a plan for people.
func printPlan(w io.Writer, p *planned) {
	var text strings.Builder
	writePlan(&text, p)
	say(w, "%s", text.String())
}

// say prints for people what has in it texts of others: names of agents and programs, and those of an image.
func say(w io.Writer, format string, args ...any) {
	fmt.Fprint(w, printable(fmt.Sprintf(format, args...)))
}

func writePlan(w io.Writer, p *planned) {
	rows := [][]string{
		{"Resolver:", fmt.Sprintf("%s (%s)", p.Resolver.Title(), p.Why)},
		{"Zones:", strings.Join(p.Zones, ", ")},
	}
	for _, n := range p.Reverse {
		rows = append(rows, []string{"", fmt.Sprintf("%s (%s)", resolver.ReverseZone(n), n)})
	}
	rows = append(rows, []string{"Ask:", fmt.Sprintf("%s (%s)", p.Server, terminal.OneLine(p.From))})
	table(w, append(rows, portRows(p.Port53)...))
	for _, f := range p.Files {
		fmt.Fprintf(w, "\n%s %s\n", f.Action, f.Path)
		if f.Text == "" || f.Action == resolver.Keep || f.Action == resolver.Refuse {
			continue
		}
		for line := range strings.Lines(f.Text) {
			fmt.Fprintf(w, "    %s", line)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(w, "\nNote: %s.\n", n)
	}
	if p.Refused == "" {
		fmt.Fprintf(w, "\nThen: %s\n", p.Reload)
		return
	}
	fmt.Fprintf(w, "\nNothing will be written: %s.\n", p.Refused)
	printSteps(w, p.Steps)
}

// portRows tell who listens, a line for each address and program.
func portRows(listeners []resolver.Listener) [][]string {
	var rows [][]string
	head := "Port 53:"
	for i := 0; i < len(listeners); {
		first, protocols := listeners[i], []string{}
		for ; i < len(listeners) && listeners[i].Addr == first.Addr && listeners[i].String() == first.String(); i++ {
			protocols = append(protocols, listeners[i].Protocol)
		}
		rows = append(rows, []string{head, fmt.Sprintf("%s (%s): %s", first.Addr.Addr(), strings.Join(protocols, ", "), terminal.OneLine(first.String()))})
		head = ""
	}
	return rows
}

func printSteps(w io.Writer, steps []string) {
	for i, step := range steps {
		say(w, "  %d. %s\n", i+1, step)
	}
}
