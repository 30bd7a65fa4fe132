package catalog

// Touched names a row: a check where CheckID is set, else an instance where
// ServiceID is, else the node.
type Touched struct{ Node, ServiceID, CheckID string }

// Touched appends the rows that the step may have changed or removed. An instance stands for
// its checks too, which carry its name and tags, and a node that is gone for all that was on it.
// Checks whose observers came to another verdict are among them, though no command names them.
func (c *Change) Touched(into []Touched) ([]Touched, error) {
	command, err := c.decoded()
	if err != nil {
		return into, err
	}
	return append(appendTouched(into, command), c.settled...), nil
}

func (c *Change) decoded() (Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.command != nil {
		return c.command, nil
	}
	return Decode(c.encoded)
}

func appendTouched(into []Touched, command Command) []Touched {
	switch c := command.(type) {
	case *Batch:
		for _, part := range c.Commands {
			into = appendTouched(into, part)
		}
	case *Register:
		into = append(into, Touched{Node: c.Node.Name})
		if c.Instance != nil {
			into = append(into, Touched{Node: c.Node.Name, ServiceID: c.Instance.ID})
		}
		for _, k := range c.Checks {
			into = append(into, Touched{Node: c.Node.Name, CheckID: k.ID})
		}
	case *Deregister:
		gone := Touched{Node: c.Node, ServiceID: c.ServiceID}
		if c.ServiceID == "" {
			gone.CheckID = c.CheckID
		}
		into = append(into, gone)
	case *Observe:
		into = append(into, Touched{Node: c.Node, CheckID: c.CheckID})
	case *SetStatus:
		into = append(into, Touched{Node: c.Node, CheckID: c.CheckID})
	}
	return into
}
