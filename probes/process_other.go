//go:build !linux

package probes

import (
	"context"
	"errors"
	"time"
)

// process cannot be watched here; definitions that ask for it are refused.
type process struct{ pid int }

func openProcess(int) (*process, error) { return nil, errors.ErrUnsupported }

func (p *process) wait(context.Context, time.Duration) (bool, error) {
	return false, errors.ErrUnsupported
}

func (p *process) Close() {}
