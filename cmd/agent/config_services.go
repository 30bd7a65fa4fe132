package agent

import (
	"fmt"

	"muster/catalog"
	"muster/catalog/document"
)

func (b *builder) checks(k *checkKeys) {
	c := &b.cfg
	set(&c.EnableScriptChecks, k.EnableScriptChecks)
	set(&c.EnableLocalScriptChecks, k.EnableLocalScriptChecks)
	set(&c.CheckUpdateInterval, k.CheckUpdateInterval)
	set(&c.DiscardCheckOutput, k.DiscardCheckOutput)
	if c.CheckUpdateInterval < 0 {
		b.problem("check_update_interval", "%v is negative", c.CheckUpdateInterval)
	}
}

// guardDefaults reads the guard of services that state none.
func (b *builder) guardDefaults(k *guardKeys) {
	g := &b.cfg.Guard
	if w := k.Guard.WhenAllCritical; w != nil {
		g.WhenAllCritical = catalog.AllCritical(*w)
		if g.WhenAllCritical == catalog.AnswerNone {
			g.WhenAllCritical = "" // the same, so that services without a guard have none
		}
	}
	set(&g.BrakePercent, k.Guard.BrakePercent)
	set(&g.BrakeWindow, k.Guard.BrakeWindow)
	set(&g.SlowStart, k.Guard.SlowStart)
	for _, p := range g.Validate() {
		b.problem("guard."+p.Field, "%s", p.Message)
	}
}

// defaultGuard is the guard of services that state none, nil when it asks for nothing.
func (c *Config) defaultGuard() *catalog.Guard {
	if c.Guard == (catalog.Guard{}) {
		return nil
	}
	g := c.Guard
	return &g
}

// registrations gathers the services and checks of all files. Each is judged by
// itself, then they are held against one another.
func (b *builder) registrations() {
	services, checks := claims{}, claims{}
	for _, s := range b.sources {
		for _, p := range s.services() {
			b.service(s, p, services, checks)
		}
		for _, p := range s.checks() {
			b.check(s, p, checks)
		}
	}
}

// placed is a definition with its path in its file.
type placed[T any] struct {
	at  string
	def T
}

func (s *source) services() []placed[catalog.ServiceDefinition] {
	return gather("service", s.keys.Service, "services", s.keys.Services)
}

func (s *source) checks() []placed[catalog.CheckDefinition] {
	return gather("check", s.keys.Check, "checks", s.keys.Checks)
}

// gather lists a definition that stands alone and those of a list.
func gather[T any](one string, alone *T, many string, list []T) []placed[T] {
	var out []placed[T]
	if alone != nil {
		out = append(out, placed[T]{one, *alone})
	}
	for i, def := range list {
		out = append(out, placed[T]{fmt.Sprintf("%s[%d]", many, i), def})
	}
	return out
}

func (b *builder) service(s *source, p placed[catalog.ServiceDefinition], services, checks claims) {
	def := p.def
	b.cfg.Services = append(b.cfg.Services, def)
	whole := !s.broken(p.at)
	b.definition(s, p.at, whole, def.Validate())
	normal := def.Normalize()
	mine := b.claim(services, "service id", normal.ID, s, idPath(s, p.at))
	if !whole {
		return
	}
	for i, c := range normal.Checks {
		at := p.at + checkPath(&def, i)
		b.script(s, at, &c)
		if mine && !clashesWithin(&def, i) { // which Validate tells of
			b.claim(checks, "check id", c.ID, s, at+".id")
		}
	}
}

// checkPath returns where the i-th check of a normalised definition stood in it.
func checkPath(def *catalog.ServiceDefinition, i int) string {
	if def.Check != nil {
		if i == 0 {
			return ".check"
		}
		i--
	}
	return fmt.Sprintf(".checks[%d]", i)
}

// clashesWithin reports whether the i-th check of a normalised definition has
// the id of an earlier one of its list.
func clashesWithin(def *catalog.ServiceDefinition, i int) bool {
	if def.Check != nil {
		i--
	}
	for j := range max(i, 0) {
		if id := def.Checks[i].ID; id != "" && def.Checks[j].ID == id {
			return true
		}
	}
	return false
}

func (b *builder) check(s *source, p placed[catalog.CheckDefinition], checks claims) {
	def := p.def
	b.cfg.Checks = append(b.cfg.Checks, def)
	whole := !s.broken(p.at)
	b.definition(s, p.at, whole, def.Validate(false))
	if whole {
		b.script(s, p.at, &def)
	}
	b.claim(checks, "check id", def.Normalize().ID, s, idPath(s, p.at))
}

// definition places the problems of a definition that stands at a path. One that
// was not decoded whole is judged by the keys that were: what could not be
// decoded, or was misspelt, would be called missing.
func (b *builder) definition(s *source, at string, whole bool, found catalog.Problems) {
	for _, p := range found {
		key := at + "." + p.Field
		if whole || s.pos.Has(key) && !s.broken(key) {
			b.problems = append(b.problems, s.pos.Problem(key, p.Message))
		}
	}
}

// script refuses a script check where they are off: it would never run.
func (b *builder) script(s *source, at string, c *catalog.CheckDefinition) {
	if c.Kind() == catalog.KindScript && !b.cfg.EnableScriptChecks && !b.cfg.EnableLocalScriptChecks {
		b.problems = append(b.problems, s.pos.Problem(at+".args", "script checks are off; set enable_local_script_checks to true to run them"))
	}
}

// idPath returns where a definition says its id: the id, or the name that stands for it.
func idPath(s *source, at string) string {
	if !s.pos.Has(at+".id") && s.pos.Has(at+".name") {
		return at + ".name"
	}
	return at + ".id"
}

// claims are the ids that are taken, with the places where.
type claims map[string]document.Problem

// claim takes an id for what stands at a path, or reports who has it and returns false.
func (b *builder) claim(c claims, what, id string, s *source, at string) bool {
	if id == "" {
		return false
	}
	p := s.pos.Problem(at, "")
	if first, taken := c[id]; taken {
		p.Message = fmt.Sprintf("%s %q is already used at %s:%d:%d", what, id, first.File, first.Line, first.Column)
		b.problems = append(b.problems, p)
		return false
	}
	c[id] = p
	return true
}
