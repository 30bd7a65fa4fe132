package agent

import (
	"errors"
	"fmt"
)

// closers unwinds what was started, last first, each exactly once.
type closers struct {
	list []namedCloser
}

type namedCloser struct {
	name  string
	close func() error
}

func (c *closers) add(name string, close func() error) {
	c.list = append(c.list, namedCloser{name, close})
}

// closeAll runs every closer, also after one failed, and joins their errors.
func (c *closers) closeAll() error {
	var errs []error
	for i := len(c.list) - 1; i >= 0; i-- {
		if err := c.list[i].close(); err != nil {
			errs = append(errs, fmt.Errorf("close %s: %w", c.list[i].name, err))
		}
	}
	c.list = nil
	return errors.Join(errs...)
}
