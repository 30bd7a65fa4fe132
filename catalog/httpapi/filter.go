package httpapi

import (
	"strings"

	"github.com/hashicorp/go-bexpr"
	"github.com/hashicorp/go-bexpr/grammar"

	"muster/catalog"
)

const (
	// maxFilterSteps bounds the work of parsing an expression, which grows fast with nested parentheses.
	maxFilterSteps = 1_000_000
	// maxFilterDepth bounds the work of evaluating one: each any or all within
	// another multiplies it by the length of a list.
	maxFilterDepth = 3
)

// filter is a compiled ?filter; nil keeps every row.
type filter[T any] struct {
	keeps condition
}

// newFilter compiles ?filter for rows like the sample, which must have one element
// in each list: every comparison is tried on it, so that a wrong selector or value
// is refused even when there are no rows, or "and" would not get that far.
func newFilter[T any](r *request, sample func() T) (*filter[T], error) {
	text := r.query.Get("filter")
	if text == "" {
		return nil, nil
	}
	tree, err := parseFilter(text)
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "filter: %w", err)
	}
	if nested(tree) > maxFilterDepth {
		return nil, catalog.Errorf(catalog.Invalid, "filter: any and all may be nested %d deep, not more", maxFilterDepth)
	}
	keeps, err := compileFilter(tree, sample())
	if err != nil {
		return nil, catalog.Errorf(catalog.Invalid, "filter: %w", err)
	}
	return &filter[T]{keeps}, nil
}

// only returns the rows that the filter keeps, in order.
func (f *filter[T]) only(rows []T) ([]T, error) {
	if f == nil {
		return rows, nil
	}
	out := make([]T, 0, len(rows))
	for _, row := range rows {
		ok, err := f.keeps(row)
		if err != nil {
			return nil, catalog.Errorf(catalog.Invalid, "filter: %w", err)
		}
		if ok {
			out = append(out, row)
		}
	}
	return out, nil
}

// parseFilter parses an expression. The parser would read "/x" and "" as JSON
// pointers even where a value stands; Consul's clients know no pointers, so plain
// strings are handed to it between backquotes.
func parseFilter(text string) (grammar.Expression, error) {
	tree, err := grammar.Parse("", []byte(backquoted(text)), grammar.MaxExpressions(maxFilterSteps))
	if err != nil {
		return nil, err
	}
	return tree.(grammar.Expression), nil
}

// backquoted turns every double-quoted string without escapes into a backquoted one.
func backquoted(text string) string {
	var b strings.Builder
	for {
		open := strings.IndexAny(text, "\"`")
		if open < 0 {
			break
		}
		length := strings.IndexByte(text[open+1:], text[open])
		if length < 0 {
			break
		}
		inner, end := text[open+1:open+1+length], open+length+2
		b.WriteString(text[:open])
		if text[open] == '`' || strings.ContainsAny(inner, "\\`") {
			b.WriteString(text[open:end])
		} else {
			b.WriteString("`" + inner + "`")
		}
		text = text[end:]
	}
	return b.String() + text
}

// nested returns how deep collections stand within one another.
func nested(tree grammar.Expression) int {
	switch e := tree.(type) {
	case *grammar.UnaryExpression:
		return nested(e.Operand)
	case *grammar.BinaryExpression:
		return max(nested(e.Left), nested(e.Right))
	case *grammar.CollectionExpression:
		return 1 + nested(e.Inner)
	}
	return 0
}

// condition decides on one row.
type condition func(row any) (bool, error)

// compileFilter makes a condition of a parsed expression. "and", "or" and "not"
// are evaluated here; comparisons and collections go to bexpr one by one.
func compileFilter(tree grammar.Expression, sample any) (condition, error) {
	switch e := tree.(type) {
	case *grammar.UnaryExpression:
		operand, err := compileFilter(e.Operand, sample)
		return negation(operand), err
	case *grammar.BinaryExpression:
		left, err := compileFilter(e.Left, sample)
		if err != nil {
			return nil, err
		}
		right, err := compileFilter(e.Right, sample)
		return junction(left, right, e.Operator == grammar.BinaryOpOr), err
	}
	eval, err := bexpr.CreateEvaluator(filterText(tree, sample), bexpr.WithMaxExpressions(maxFilterSteps))
	if err != nil {
		return nil, err
	}
	_, err = eval.Evaluate(sample)
	return eval.Evaluate, err
}

func negation(c condition) condition {
	return func(row any) (bool, error) {
		ok, err := c(row)
		return !ok && err == nil, err
	}
}

// junction is "or" when decided is true, else "and": the left side decides alone if it can.
func junction(left, right condition, decided bool) condition {
	return func(row any) (bool, error) {
		if ok, err := left(row); err != nil || ok == decided {
			return ok, err
		}
		return right(row)
	}
}
