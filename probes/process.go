package probes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// pidFileEvery is how often a pid file is looked at. Until then a process that
// was started anew is not watched, only probed.
const pidFileEvery = time.Second

// errGone is the error of a process that is there no more, or is dead and not yet reaped.
var errGone = errors.New("no such process")

// watchProcess wakes the check when the process it names exits.
func (c *check) watchProcess(ctx context.Context) {
	w := &processWatch{
		wake: func() { c.wake(wokenByProcess) },
		pid:  func() (int, error) { return c.def.Pid, nil },
	}
	if c.def.PidFile != "" {
		w.pid = func() (int, error) { return readPidFile(c.def.PidFile) }
	}
	defer w.letGo()
	for told := ""; ; {
		err := w.step(ctx)
		text := fmt.Sprint(err)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && text != told:
			c.log.Warn("process not watched", "error", err)
		case c.def.PidFile == "" && w.dead != 0:
			return // a process does not come back
		}
		told = text
		if w.seen == nil && !pause(ctx, pidFileEvery) {
			return
		}
	}
}

// processWatch follows the process that pid names.
type processWatch struct {
	wake func()
	pid  func() (int, error)
	seen *process // nil: none is watched
	dead int      // the process last found dead, of which the check was told; 0: none
}

// step finds a process to watch, or watches it until it exits or it is time to
// ask for its id again. An error says why none is watched; that it is dead is none.
func (w *processWatch) step(ctx context.Context) error {
	pid, err := w.pid()
	if w.seen != nil && (err != nil || pid != w.seen.pid) {
		w.letGo()
	}
	if err != nil {
		return err
	}
	if w.seen == nil {
		p, err := openProcess(pid)
		if errors.Is(err, errGone) {
			w.died(pid)
			return nil
		}
		if err != nil {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		w.seen, w.dead = p, 0
	}
	exited, err := w.seen.wait(ctx, pidFileEvery)
	if err == nil && !exited {
		return nil
	}
	w.letGo()
	if exited {
		w.died(pid)
	}
	return err
}

func (w *processWatch) letGo() {
	if w.seen != nil {
		w.seen.Close()
		w.seen = nil
	}
}

// died wakes the check once for each process. A pid file may name one that is dead for long.
func (w *processWatch) died(pid int) {
	if w.dead != pid {
		w.dead = pid
		w.wake()
	}
}

// readPidFile returns the process id that a file begins with. What else it holds is not shown to anyone.
func readPidFile(name string) (int, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // opening a pipe would wait
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return 0, err
	} else if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s is not a regular file", name)
	}
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("%s holds no process id", name)
	}
	return pid, nil
}
