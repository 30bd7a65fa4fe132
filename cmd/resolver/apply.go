package resolver

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Runner runs a program and returns what it printed, both streams. An error means that it was not found,
// or could not be run to its end; another exit code than 0 is none.
type Runner func(ctx context.Context, args ...string) (output string, code int, err error)

// ErrNoProgram is a Runner's for a program that is not installed.
var ErrNoProgram = errors.New("is not installed")

// RefusedError is a plan that cannot be carried out. Nothing was changed, or all was taken back.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// Apply writes the files of a plan and has the program that reads them judge them: if it refuses them, all
// is as it was before, and likewise if ctx ends. It returns whether anything changed, and what to tell beside that.
func (p *Plan) Apply(ctx context.Context, h *Host, run Runner) (changed bool, said []string, err error) {
	if p.Refused != "" {
		return false, nil, &RefusedError{p.Refused}
	}
	var written []func() error
	takeBack := func(why error) error {
		for _, undo := range written {
			why = errors.Join(why, undo())
		}
		return why
	}
	for _, f := range p.Files {
		var undo func() error
		switch f.Action {
		case Keep:
			continue
		case Remove:
			undo, err = h.remove(f.Path)
		default:
			undo, err = h.put(f)
		}
		if err != nil {
			return false, nil, takeBack(err)
		}
		written = append(written, undo)
	}
	if len(written) == 0 {
		return false, nil, nil
	}
	said, err = p.judge(ctx, run)
	if ctx.Err() != nil { // a checker that got the signal, too, has not judged
		err = fmt.Errorf("all is as it was before: %w", context.Cause(ctx))
	}
	if err != nil {
		return false, nil, takeBack(err)
	}
	return true, said, nil
}

// judge asks the checker of the program, where there is one.
func (p *Plan) judge(ctx context.Context, run Runner) (said []string, err error) {
	if len(p.check) == 0 {
		return nil, nil
	}
	output, code, err := run(ctx, p.check...)
	switch {
	case errors.Is(err, ErrNoProgram):
		return []string{fmt.Sprintf("%s %v: the files were not checked", p.check[0], err)}, nil
	case err != nil:
		return nil, err
	case code != 0:
		return nil, &RefusedError{fmt.Sprintf("%q refuses the configuration, so all is as it was before:\n%s", strings.Join(p.check, " "), strings.TrimSpace(output))}
	}
	return nil, nil
}

// Undoing is a file that muster wrote and would remove, with whom it was for.
type Undoing struct {
	File
	Resolver Kind
}

// PlanUndo finds what muster wrote for a kind of resolver, or for all (""). Files of others in the
// same places are no part of it; such that were changed since are refused.
func PlanUndo(h *Host, kind Kind) ([]Undoing, error) {
	kinds := Kinds()
	if kind != "" {
		kinds = []Kind{kind}
	}
	var out []Undoing
	for _, k := range kinds {
		for _, path := range h.paths(k) {
			now, err := h.look(path)
			if err != nil {
				return nil, err
			}
			if _, ours := bodyOf(now.text); !ours {
				continue
			}
			f := File{Path: path, Action: Remove, Why: now.alien}
			if f.Why != "" {
				f.Action = Refuse
			}
			out = append(out, Undoing{f, k})
		}
	}
	return out, nil
}

// Undo removes a file that PlanUndo found, unless that would not.
func (h *Host) Undo(u Undoing) error {
	_, err := h.remove(u.Path)
	return err
}
