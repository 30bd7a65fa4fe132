package httpapi

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/hashicorp/go-bexpr/grammar"
)

// eachName is the variable of the collections that filterText makes. No row has such a field.
const eachName = "each_element"

// filterText writes a parsed expression out again as Consul's clients mean it: a
// selector that leads through a list, such as Checks.Status, becomes "any Checks
// as x { x.Status ... }", one through a map of structs asks for the key first, and
// a negated match is the negation of all that.
func filterText(tree grammar.Expression, sample any) string {
	switch e := tree.(type) {
	case *grammar.UnaryExpression:
		return "not (" + filterText(e.Operand, sample) + ")"
	case *grammar.BinaryExpression:
		if e.Operator == grammar.BinaryOpOr {
			return group(e.Left, sample) + " or " + filterText(e.Right, sample)
		}
		return group(e.Left, sample) + " and " + group(e.Right, sample)
	case *grammar.CollectionExpression:
		return fmt.Sprintf("%s %s as %s { %s }", strings.ToLower(string(e.Op)),
			selector(e.Selector.Path), binding(e.NameBinding), filterText(e.Inner, sample))
	case *grammar.MatchExpression:
		return matchText(e, sample)
	}
	panic(fmt.Sprintf("httpapi: filter expression of type %T", tree)) // the grammar makes no other
}

// group puts parentheses round all but a match. Fewer of them parse faster.
func group(tree grammar.Expression, sample any) string {
	text := filterText(tree, sample)
	if _, isMatch := tree.(*grammar.MatchExpression); isMatch {
		return text
	}
	return "(" + text + ")"
}

func matchText(e *grammar.MatchExpression, sample any) string {
	operator, negated := positive(e.Operator)
	path := e.Selector.Path
	text := comparison(selector(path), operator, e.Value)
	switch n, kind := container(reflect.TypeOf(sample), path); kind {
	case reflect.Slice:
		element := selector(append([]string{eachName}, path[n:]...))
		text = fmt.Sprintf("(any %s as %s { %s })", selector(path[:n]), eachName, comparison(element, operator, e.Value))
	case reflect.Map:
		// bexpr takes a missing key for a mistake when the path goes on behind it.
		text = fmt.Sprintf("(%s in %s and %s)", literal(path[n]), selector(path[:n]), text)
	}
	if negated {
		return "not (" + text + ")"
	}
	return text
}

// container finds the first part of a path that leads through a list by a name
// that is no index, or through a map of structs to a field. It returns how many
// parts lead to it, and reflect.Slice, reflect.Map, or reflect.Invalid when there is none.
func container(t reflect.Type, path []string) (int, reflect.Kind) {
	for i, part := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Slice:
			if _, err := strconv.Atoi(part); err != nil {
				return i, reflect.Slice
			}
			t = t.Elem()
		case reflect.Map:
			if i+1 < len(path) {
				return i, reflect.Map
			}
			return 0, reflect.Invalid
		case reflect.Struct:
			field, ok := t.FieldByName(part)
			if !ok {
				return 0, reflect.Invalid
			}
			t = field.Type
		default:
			return 0, reflect.Invalid
		}
	}
	return 0, reflect.Invalid
}

// positive returns the operator that a negated one negates.
func positive(op grammar.MatchOperator) (_ grammar.MatchOperator, negated bool) {
	switch op {
	case grammar.MatchNotEqual:
		return grammar.MatchEqual, true
	case grammar.MatchNotIn, grammar.MatchNotContains:
		return grammar.MatchIn, true
	case grammar.MatchContains:
		return grammar.MatchIn, false
	case grammar.MatchNotMatches:
		return grammar.MatchMatches, true
	case grammar.MatchIsNotEmpty:
		return grammar.MatchIsEmpty, true
	case grammar.MatchIsNotNil:
		return grammar.MatchIsNil, true
	}
	return op, false
}

// comparison writes a match with one of the operators that positive returns.
func comparison(selector string, op grammar.MatchOperator, value *grammar.MatchValue) string {
	switch op {
	case grammar.MatchEqual:
		return selector + " == " + literal(value.Raw)
	case grammar.MatchIn:
		return literal(value.Raw) + " in " + selector
	case grammar.MatchMatches:
		return selector + " matches " + literal(value.Raw)
	case grammar.MatchIsEmpty:
		return selector + " is empty"
	}
	return selector + " is nil"
}

// selector writes a path so that any key of a map can stand in it.
func selector(path []string) string {
	text := path[0]
	for _, part := range path[1:] {
		text += "[" + literal(part) + "]"
	}
	return text
}

// literal writes a string that the grammar reads as one and nothing else: between
// backquotes where possible, else quoted with no quote inside.
func literal(value string) string {
	if strconv.CanBackquote(value) {
		return "`" + value + "`"
	}
	quoted := strconv.Quote(value)
	return `"` + strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `\x22`) + `"`
}

func binding(b grammar.CollectionNameBinding) string {
	switch b.Mode {
	case grammar.CollectionBindIndexAndValue:
		return b.Index + ", " + b.Value
	case grammar.CollectionBindIndex:
		return b.Index + ", _"
	case grammar.CollectionBindValue:
		return "_, " + b.Value
	}
	return b.Default
}
