package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // the agent cannot be reached, refuses, or has not what was asked for
	exitUsage   = 2 // the command line cannot be understood
	exitChild   = 2 // "lock -child-exit-code": the command failed
)

// run performs one command line, args[0] being the program's name, and returns
// its exit code. It touches nothing of the process but what it is handed,
// and, in the agent command, its signals.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) string) int {
	out := &latchedWriter{w: stdout}
	s := &shell{stdin: stdin, stdout: out, stderr: stderr, env: env, program: filepath.Base(args[0])}
	app := s.app()
	err := app.RunContext(ctx, reorder(app.Commands, expandHelp(args)))
	if s.client != nil {
		s.client.Close()
	}
	if err == nil && out.err != nil {
		err = fmt.Errorf("write output: %w", out.err)
	}
	return s.exit(err)
}

// shell is the part of the world that commands may touch.
type shell struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	env     func(string) string
	program string          // the name it was called by
	client  *httpapi.Client // of the agent spoken to; nil: none yet
}

// app makes the tree of commands. The library's own help and version flags and
// help command are left out: they are package variables of the library that it
// changes as it runs, and a help command would take "kv get help" for itself.
func (s *shell) app() *cli.App {
	app := &cli.App{
		Name:                      s.program,
		Usage:                     "service discovery with DNS in front",
		UsageText:                 s.program + " COMMAND [options] [arguments]",
		Description:               "Options may be written with one dash or two.",
		Commands:                  s.commands(),
		Flags:                     []cli.Flag{helpFlag(), switchFlag("version", "print the version", "v")},
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Reader:                    s.stdin,
		Writer:                    s.stdout,
		ErrWriter:                 s.stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides on the exit code
		OnUsageError:              onUsageError,
		Action:                    s.root,
	}
	prepare(app.Commands, s.program)
	return app
}

func (s *shell) commands() []*cli.Command {
	return []*cli.Command{
		s.agentCommand(), s.catalogCommand(), s.checksCommand(), s.debugCommand(), s.doctorCommand(), s.drainCommand(), s.eventCommand(), s.execCommand(), s.forceLeaveCommand(), s.infoCommand(), s.joinCommand(), s.keygenCommand(),
		s.keyringCommand(), s.kvCommand(), s.leaveCommand(), s.lockCommand(), s.maintCommand(), s.membersCommand(), s.monitorCommand(),
		s.operatorCommand(), s.queryCommand(), s.reloadCommand(), s.resolverCommand(), s.rttCommand(), s.servicesCommand(), s.snapshotCommand(), s.tlsCommand(), s.topCommand(),
		s.validateCommand(), s.versionCommand(), s.watchCommand(), s.whyCommand(),
		s.completionCommand(), s.manCommand(),
	}
}

// root runs when no command was named, or one that does not exist.
func (s *shell) root(c *cli.Context) error {
	if c.Bool("version") {
		return s.printVersion(c)
	}
	return choose(c, c.App.Commands)
}

// choose is the action of everything that only leads to other commands.
func choose(c *cli.Context, commands []*cli.Command) error {
	if name := c.Args().First(); name != "" {
		return usagef(c, "there is no command %q%s", name, suggestion(cli.SuggestCommand(commands, name)))
	}
	c.App.Writer = c.App.ErrWriter
	if c.Command.Name == c.App.Name {
		_ = cli.ShowAppHelp(c) // always nil
	} else {
		_ = cli.ShowSubcommandHelp(c) // nil unless c is
	}
	return usagef(c, "a command is missing")
}

func suggestion(text string) string {
	if text == "" {
		return ""
	}
	return " (" + strings.ToLower(text[:1]) + text[1:] + ")"
}

func helpFlag() cli.Flag {
	return switchFlag("help", "show help", "h")
}

// prepare gives every command below parent what all of them have.
func prepare(commands []*cli.Command, parent string) {
	for _, c := range commands {
		c.HideHelp = true
		c.Flags = append(c.Flags, helpFlag())
		c.OnUsageError = onUsageError
		if len(c.Subcommands) > 0 {
			c.Action = func(ctx *cli.Context) error { return choose(ctx, ctx.Command.Subcommands) }
			name := parent + " " + c.Name
			c.UsageText = name + " COMMAND [options] [arguments]"
			prepare(c.Subcommands, name)
		}
	}
}

// usageError is a command line that cannot be understood.
type usageError struct {
	command string // as typed, with the program's name
	text    string
}

func (e *usageError) Error() string { return e.text }

func usagef(c *cli.Context, format string, args ...any) error {
	return &usageError{command: c.Command.HelpName, text: fmt.Sprintf(format, args...)}
}

// onUsageError words what the flag parser refuses.
func onUsageError(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	if name, unknown := strings.CutPrefix(text, "flag provided but not defined: -"); unknown {
		text = "there is no flag -" + name
		if near := cli.SuggestFlag(c.Command.Flags, name, true); near != "" {
			text += fmt.Sprintf(" (did you mean \"-%s\"?)", strings.TrimLeft(near, "-"))
		}
	}
	return usagef(c, "%s", text)
}

// errNothing ends a command that found nothing and has said so on its own.
var errNothing = errors.New("nothing was found")

// exit tells of an error and returns the exit code it stands for.
func (s *shell) exit(err error) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, errNothing) || errors.Is(err, errUnwell) {
		return exitFailure
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(s.stderr, "Error: %s\nRun \"%s -h\" for help.\n", usage.text, usage.command)
		return exitUsage
	}
	if u, ok := errors.AsType[*httpapi.ClientUnreachableError](err); ok {
		fmt.Fprintf(s.stderr, "Error: %s\n", unreachable(u))
		return exitFailure
	}
	fmt.Fprintf(s.stderr, "Error: %v%s\n", err, untrusted(err))
	if _, ok := errors.AsType[*childError](err); ok {
		return exitChild
	}
	return exitFailure
}

// latchedWriter remembers the first failure, so that output lost to a full disk is not success.
type latchedWriter struct {
	w   io.Writer
	err error
}

func (l *latchedWriter) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	if l.err == nil {
		l.err = err
	}
	return n, err
}
