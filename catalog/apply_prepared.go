package catalog

import "slices"

func (c *SetPreparedQuery) apply(t *tx) (Result, error) {
	q := c.Query
	if err := q.check(); err != nil {
		return Result{}, err
	}
	old := t.query(q.ID)
	if err := c.allowed(t, old); err != nil {
		return Result{}, err
	}
	q.CreateIndex, q.ModifyIndex = t.index, t.index
	if old != nil {
		q.CreateIndex = old.CreateIndex
	}
	q.compile()
	put(t, &t.queries, &q)
	t.touch(resQueries)
	t.done = append(t.done, &SetPreparedQuery{Query: q, Checked: true})
	return Result{OK: true}, nil
}

// allowed reports why the state does not take a query.
func (c *SetPreparedQuery) allowed(t *tx, old *PreparedQuery) error {
	q := &c.Query
	if other := t.queryNamed(q.Name, q.Template != nil); other != nil && other.ID != q.ID {
		if q.Name == "" {
			return Errorf(Conflict, "Name: there is a template for all names already, %s", other.ID)
		}
		return Errorf(Conflict, "Name: %q is that of query %s already", q.Name, other.ID)
	}
	switch {
	case c.Checked:
		return nil
	case c.Update && old == nil:
		return Errorf(NotFound, "Cannot modify non-existent prepared query: '%s'", q.ID)
	case !c.Update && old != nil:
		return Errorf(Conflict, "there is a query with id %q already", q.ID)
	case old == nil && t.queries.len() >= MaxPreparedQueries:
		return Errorf(TooLarge, "there are %d prepared queries, which is the limit", MaxPreparedQueries)
	case q.Session != "" && t.session(q.Session) == nil:
		return Errorf(NotFound, "invalid session %q", q.Session)
	}
	return nil
}

func (c *DeletePreparedQuery) apply(t *tx) (Result, error) {
	q := t.query(c.ID)
	if q == nil {
		return Result{}, Errorf(NotFound, "Cannot modify non-existent prepared query: '%s'", c.ID)
	}
	t.removeQuery(q)
	return Result{OK: true}, nil
}

// removeQuery removes a query and tells those of it who follow: they do not know why it goes.
func (t *tx) removeQuery(q *PreparedQuery) {
	remove(t, &t.queries, q)
	t.touch(resQueries)
	t.done = append(t.done, &DeletePreparedQuery{q.ID})
}

// removeQueriesOf removes the queries of a session that ends.
func (t *tx) removeQueriesOf(session string) {
	for _, q := range slices.Collect(t.queries.rows(queriesBySession, queriesOf(session))) {
		t.removeQuery(q)
	}
}
