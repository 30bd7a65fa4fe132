package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// manCommand prints what packages ship as muster(1). It is made of the commands
// themselves, so it cannot differ from them.
func (s *shell) manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page, muster(1), in roff", Hidden: true,
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0); err != nil {
				return err
			}
			writeMan(s.stdout, c.App)
			return nil
		},
	}
}

func writeMan(w io.Writer, app *cli.App) {
	fmt.Fprintf(w, ".TH MUSTER 1 \"\" \"muster %s\" \"muster\"\n", version)
	fmt.Fprintf(w, ".SH NAME\nmuster \\- %s\n", roff(app.Usage))
	fmt.Fprint(w, ".SH SYNOPSIS\n.B muster\n.I COMMAND\n[options] [arguments]\n")
	fmt.Fprintf(w, ".SH DESCRIPTION\n%s\n.PP\nCommands talk to the agent at 127.0.0.1:8500, or to the one that\n.B \\-http\\-addr\nor the environment names.\n", roff(app.Description))
	fmt.Fprint(w, ".SH COMMANDS\n")
	for _, c := range app.Commands {
		manOf(w, c, "muster")
	}
	fmt.Fprint(w, ".SH EXIT STATUS\n0 when all went well, 1 when the agent refuses, is not reached, or has not what was asked for, 2 when the command line cannot be understood.\n")
	fmt.Fprint(w, ".SH ENVIRONMENT\n")
	for _, e := range [][2]string{
		{"MUSTER_HTTP_ADDR, CONSUL_HTTP_ADDR", "the agent to talk to"},
		{"MUSTER_HTTP_TOKEN, CONSUL_HTTP_TOKEN", "the token to send"},
		{"NO_COLOR", "no colours, whatever the terminal can do"},
	} {
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", e[0], roff(e[1]))
	}
	fmt.Fprint(w, ".SH FILES\n.TP\n.I /etc/muster.d/*.json\nthe configuration of the service\n.TP\n.I /var/lib/muster\nits state\n.TP\n.I /usr/share/doc/muster\nthe documentation: configuration.md lists every key, operations.md is for those who run a cluster\n")
}

// manOf writes what there is to say of a command, and of those below it.
func manOf(w io.Writer, c *cli.Command, parent string) {
	if c.Hidden {
		return
	}
	name := parent + " " + c.Name
	if len(c.Subcommands) > 0 {
		for _, sub := range c.Subcommands {
			manOf(w, sub, name)
		}
		return
	}
	fmt.Fprintf(w, ".SS %s\n", roff(strings.Join(strings.Fields(name+" [options] "+c.ArgsUsage), " ")))
	fmt.Fprintf(w, "%s.\n", roff(sentence(c.Usage)))
	if c.Description != "" {
		fmt.Fprintf(w, ".PP\n%s\n", roff(c.Description))
	}
	for _, f := range c.VisibleFlags() {
		doc, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] == "help" {
			continue
		}
		usage, value := doc.GetUsage(), ""
		if parts := strings.Split(usage, "`"); len(parts) == 3 && doc.TakesValue() {
			value, usage = " \\fI"+roff(parts[1])+"\\fR", strings.Join(parts, "")
		}
		fmt.Fprintf(w, ".TP\n\\fB%s\\fR%s\n%s", roff("-"+strings.Join(f.Names(), ", -")), value, roff(usage))
		if d := doc.GetDefaultText(); d != "" && doc.TakesValue() {
			fmt.Fprintf(w, " (default: %s)", roff(strings.Trim(d, `"`)))
		}
		fmt.Fprintln(w)
	}
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// roff writes plain text so that roff prints it as it stands.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
