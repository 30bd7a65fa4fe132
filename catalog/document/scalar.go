package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/tailscale/hujson"
)

// text returns the string that a literal stands for.
func text(v hujson.ValueTrimmed) string {
	literal, _ := v.(hujson.Literal)
	if n := len(literal); n >= 2 && literal[0] == '"' && bytes.IndexByte(literal, '\\') < 0 {
		return string(literal[1 : n-1]) // nothing to unescape, and parse has seen to the rest
	}
	return literal.String()
}

func (d *decoder) scalar(to reflect.Value, v *hujson.Value, at path) {
	if to.Type() == durationType {
		d.duration(to, v, at)
		return
	}
	switch to.Kind() {
	case reflect.String:
		if v.Value.Kind() != '"' {
			d.wants(v, at, "a string")
			return
		}
		to.SetString(text(v.Value))
	case reflect.Bool:
		if k := v.Value.Kind(); k != 't' && k != 'f' {
			d.wants(v, at, "true or false")
			return
		}
		to.SetBool(v.Value.Kind() == 't')
	default:
		d.number(to, v, at)
	}
}

func (d *decoder) number(to reflect.Value, v *hujson.Value, at path) {
	if v.Value.Kind() != '0' {
		d.wants(v, at, "a number")
		return
	}
	literal, bits := text(v.Value), to.Type().Bits
	var err error
	switch to.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if n, err = strconv.ParseInt(literal, 10, bits()); err == nil {
			to.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var n uint64
		if n, err = strconv.ParseUint(literal, 10, bits()); err == nil {
			to.SetUint(n)
		}
	case reflect.Float32, reflect.Float64:
		var n float64
		if n, err = strconv.ParseFloat(literal, bits()); err == nil {
			to.SetFloat(n)
		}
	default:
		panic(fmt.Sprintf("document: no way to decode %v", to.Type()))
	}
	if err != nil {
		d.report(v.StartOffset, at, "%s", numberFault(literal, err))
	}
}

// numberFault says why a JSON number does not fit where it stands.
func numberFault(literal string, err error) string {
	shown := clip(literal, 40)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return shown + " is out of range"
	case strings.ContainsAny(literal, ".eE"):
		return "wants a whole number, has " + shown
	}
	return shown + " is negative"
}

func (d *decoder) duration(to reflect.Value, v *hujson.Value, at path) {
	switch v.Value.Kind() {
	case '"':
		t, err := time.ParseDuration(text(v.Value))
		if err != nil {
			d.report(v.StartOffset, at, "%q is not a duration such as \"10s\" or \"1h30m\"", clip(text(v.Value), 40))
			return
		}
		to.SetInt(int64(t))
	case '0':
		d.number(to, v, at)
	default:
		d.wants(v, at, "a duration such as \"10s\"")
	}
}

// freeScalar decodes a literal that may be of any type.
func (d *decoder) freeScalar(v *hujson.Value, at path) any {
	var out any
	if err := json.Unmarshal(v.Value.(hujson.Literal), &out); err != nil {
		d.report(v.StartOffset, at, "%s is out of range", clip(text(v.Value), 40))
	}
	return out
}
