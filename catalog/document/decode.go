package document

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tailscale/hujson"
)

var durationType = reflect.TypeFor[time.Duration]()

// value decodes v into the settable value to. The document's depth is bounded, so the recursion is.
func (d *decoder) value(to reflect.Value, v *hujson.Value, at path) {
	if d.opts.Positions != nil {
		d.opts.Positions.offsets[at.folded] = v.StartOffset
	}
	switch to.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(to.Type().Elem())
		if p, ok := fresh.Interface().(interface{ Preset() }); ok {
			p.Preset()
		}
		d.value(fresh.Elem(), v, at)
		to.Set(fresh)
	case reflect.Struct:
		d.structure(to, v, at)
	case reflect.Map:
		d.mapping(to, v, at)
	case reflect.Slice:
		d.list(to, v, at)
	case reflect.Interface:
		if free := d.free(v, at); free != nil { // it stays nil for null
			to.Set(reflect.ValueOf(free))
		}
	default:
		d.scalar(to, v, at)
	}
}

func (d *decoder) structure(to reflect.Value, v *hujson.Value, at path) {
	object, ok := v.Value.(*hujson.Object)
	if !ok {
		d.wants(v, at, "an object")
		return
	}
	shape := d.opts.Shapes.of(to.Type())
	seen := map[string]int{} // canonical name -> offset of its key
	for i := range object.Members {
		m := &object.Members[i]
		if d.full() {
			return
		}
		name := text(m.Name.Value)
		f, ok := shape.fields[Fold(name)]
		if !ok {
			d.unknown(m, at.key(name), suggest(name, shape.names))
			continue
		}
		here := at.key(f.name)
		if first, twice := seen[f.name]; twice {
			d.twice(m.Name.StartOffset, first, here)
			continue
		}
		seen[f.name] = m.Name.StartOffset
		if m.Value.Value.Kind() != 'n' {
			d.value(to.FieldByIndex(f.index), &m.Value, here)
		}
	}
}

// unknown deals with a key that the struct lacks.
func (d *decoder) unknown(m *hujson.ObjectMember, at path, near string) {
	offset := m.Name.StartOffset
	if d.opts.Known != nil {
		if refusal, known := d.opts.Known(ForeignKey{Path: at.pattern, Text: at.text, Idle: idle(&m.Value)}); known {
			if refusal != "" {
				d.report(offset, at, "%s", refusal)
			}
			return
		}
	}
	switch {
	case d.opts.AllowUnknown:
	case near != "":
		d.report(offset, at, "unknown key, did you mean %q?", near)
	default:
		d.report(offset, at, "unknown key")
	}
}

// idle reports whether a value asks for nothing.
func idle(v *hujson.Value) bool {
	switch x := v.Value.(type) {
	case *hujson.Object:
		return !slices.ContainsFunc(x.Members, func(m hujson.ObjectMember) bool { return !idle(&m.Value) })
	case *hujson.Array:
		return !slices.ContainsFunc(x.Elements, func(e hujson.Value) bool { return !idle(&e) })
	}
	switch text(v.Value) {
	case "null", "false", "0", "":
		return true
	}
	return false
}

func (d *decoder) twice(offset, first int, at path) {
	line, column := d.lines.at(first)
	d.report(offset, at, "is given twice, first at %d:%d", line, column)
}

func (d *decoder) mapping(to reflect.Value, v *hujson.Value, at path) {
	if to.Type().Key().Kind() != reflect.String {
		panic(fmt.Sprintf("document: no way to decode %v", to.Type()))
	}
	object, ok := v.Value.(*hujson.Object)
	if !ok {
		d.wants(v, at, "an object")
		return
	}
	out := reflect.MakeMapWithSize(to.Type(), len(object.Members))
	d.members(object, at, func(name string, v *hujson.Value, here path) {
		if v.Value.Kind() == 'n' {
			return
		}
		elem := reflect.New(to.Type().Elem()).Elem()
		d.value(elem, v, here)
		out.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), elem)
	})
	to.Set(out)
}

// members calls each for the members of an object whose keys are free; they
// match letter by letter, and none may be given twice.
func (d *decoder) members(object *hujson.Object, at path, each func(name string, v *hujson.Value, at path)) {
	seen := map[string]int{}
	for i := range object.Members {
		m := &object.Members[i]
		if d.full() {
			return
		}
		name := text(m.Name.Value)
		here := at.key(name)
		if first, twice := seen[name]; twice {
			d.twice(m.Name.StartOffset, first, here)
			continue
		}
		seen[name] = m.Name.StartOffset
		each(name, &m.Value, here)
	}
}

func (d *decoder) list(to reflect.Value, v *hujson.Value, at path) {
	array, ok := v.Value.(*hujson.Array)
	if !ok {
		d.wants(v, at, "a list")
		return
	}
	out := reflect.MakeSlice(to.Type(), len(array.Elements), len(array.Elements))
	for i := range array.Elements {
		if d.full() {
			return
		}
		d.value(out.Index(i), &array.Elements[i], at.index(i))
	}
	to.Set(out)
}

// free decodes a value of any type as encoding/json does: nil never occurs but for null.
func (d *decoder) free(v *hujson.Value, at path) any {
	switch x := v.Value.(type) {
	case *hujson.Object:
		out := make(map[string]any, len(x.Members))
		d.members(x, at, func(name string, v *hujson.Value, here path) { out[name] = d.free(v, here) })
		return out
	case *hujson.Array:
		out := make([]any, len(x.Elements))
		for i := range x.Elements {
			out[i] = d.free(&x.Elements[i], at.index(i))
		}
		return out
	}
	return d.freeScalar(v, at)
}
