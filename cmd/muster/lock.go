package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
	"muster/probes/child"
)

func (s *shell) lockCommand() *cli.Command {
	return &cli.Command{
		Name:      "lock",
		Usage:     "run a command while holding a lock",
		ArgsUsage: "PREFIX COMMAND [ARGUMENT ...]",
		Description: "Waits for the lock PREFIX/.lock, or with -n for one of several places, and runs the command.\n" +
			"When the lock is lost the command gets SIGTERM, and after five seconds SIGKILL, with all it started.\n" +
			"Clients of Consul that lock the same prefix take turns with it. Flags stand before PREFIX.",
		Flags: agentFlags(
			&cli.IntFlag{Name: "n", Value: 1, Usage: "how many `HOLDERS` there may be; the same for all who ask"},
			&cli.StringFlag{Name: "name", Usage: "`NAME` of the session, for people", DefaultText: "made of the command"},
			switchFlag("pass-stdin", "let the command read standard input"),
			&cli.DurationFlag{Name: "try", Usage: "give up after `DURATION` without the lock", DefaultText: "never"},
			&cli.DurationFlag{Name: "timeout", Usage: "the same as -try", DefaultText: "never"},
			&cli.IntFlag{Name: "monitor-retry", Value: 3, Usage: "`TIMES` in a row that reading the lock may fail, two seconds apart, until it counts as lost"},
			switchFlag("child-exit-code", "exit with 2 when the command fails; otherwise that is no failure"),
			shellFlag(),
		),
		Action: s.lock,
	}
}

const monitorPause = 2 * time.Second

var (
	errLockLost  = errors.New("the lock was lost")
	errNotLocked = errors.New("the lock was not to be had in time")
)

// childError is that of a command that failed, where that is asked for.
type childError struct{ code int }

func (e *childError) Error() string {
	return fmt.Sprintf("the command ended with exit code %d", e.code)
}

func (s *shell) lock(c *cli.Context) error {
	wait := max(c.Duration("try"), c.Duration("timeout"))
	prefix := strings.Trim(c.Args().First(), "/")
	switch {
	case prefix == "":
		return usagef(c, "PREFIX is missing")
	case c.NArg() < 2:
		return usagef(c, "COMMAND is missing")
	case c.Int("n") < 1:
		return usagef(c, "-n must be at least 1")
	case c.IsSet("try") && c.IsSet("timeout"):
		return usagef(c, "-try and -timeout are the same")
	case (c.IsSet("try") || c.IsSet("timeout")) && wait <= 0:
		return usagef(c, "-try and -timeout want more than 0")
	case c.Int("monitor-retry") < 0:
		return usagef(c, "-monitor-retry is negative")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(c)
	defer stop()
	command := c.Args().Tail()
	name := c.String("name")
	if name == "" {
		name = fmt.Sprintf("lock of %s for %s", prefix, command[0])
	}
	session, err := holdSession(ctx, agent, httpapi.ClientSession{Name: name, LockDelay: sessionTTL})
	if err != nil {
		return err
	}
	l := &lock{agent: agent, prefix: prefix, limit: c.Int("n"), session: session.id}
	err = s.locked(c, session.ctx, l, wait, s.argv(c, command))
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if released := l.release(bye); released != nil && err == nil {
		err = fmt.Errorf("the lock could not be released, its session will: %w", released)
	}
	if ended := session.end(); ended != nil && err == nil {
		err = fmt.Errorf("the session could not be ended, its time will: %w", ended)
	}
	return err
}

// locked waits for the lock and runs the command under it.
func (s *shell) locked(c *cli.Context, ctx context.Context, l *lock, wait time.Duration, argv []string) error {
	patience, cancel := ctx, context.CancelFunc(func() {})
	if wait > 0 {
		patience, cancel = context.WithTimeoutCause(ctx, wait, errNotLocked)
	}
	defer cancel()
	if err := l.acquire(patience); err != nil {
		if cause := context.Cause(patience); cause != nil {
			return cause
		}
		return err
	}
	ctx, lose := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if l.monitor(ctx, c.Int("monitor-retry")) {
			lose(errLockLost)
		}
	}()
	run := child.Command{Args: argv, Env: []string{"CONSUL_LOCK_HELD=true"}, Stdout: s.stdout, Stderr: s.stderr, Grace: handlerGrace}
	if c.Bool("pass-stdin") {
		run.Stdin = s.stdin
	}
	end, err := child.Run(ctx, run)
	lose(nil)
	<-watched
	switch {
	case errors.Is(err, errSessionLost):
		return errLockLost
	case err == nil && end.Code() != 0 && c.Bool("child-exit-code"):
		return &childError{end.Code()}
	}
	return err
}

// monitor returns true when the lock is lost, false when ctx ends.
func (l *lock) monitor(ctx context.Context, retries int) (lost bool) {
	failed := 0
	for index := uint64(0); ctx.Err() == nil; {
		pairs, at, err := l.look(ctx, index)
		switch {
		case ctx.Err() != nil:
			return false
		case err != nil && failed == retries:
			return true
		case err != nil:
			failed, index = failed+1, 0
			_ = pause(ctx, monitorPause) // the loop ends with ctx
		case !l.held(pairs):
			return true
		case at == index:
			_ = pause(ctx, 200*time.Millisecond) // an agent that stops answers at once
			fallthrough
		default:
			failed, index = 0, at
		}
	}
	return false
}
