package main

import (
	"slices"
	"strings"
	"testing"
)

func TestReorder(t *testing.T) {
	commands := (&shell{program: "muster"}).app().Commands
	for in, want := range map[string]string{
		"members":                           "members --",
		"members -wan -status left":         "members -wan -status left --",
		"kv get a -recurse":                 "kv get -recurse -- a",
		"kv get a -separator . -keys":       "kv get -separator . -keys -- a",
		"kv get a --separator=- b":          "kv get --separator=- -- a b",
		"kv get -keys -- -a -b":             "kv get -keys -- -a -b",
		"kv get -separator -h a":            "kv get -separator -h -- a",
		"kv get a -unknown b":               "kv get -unknown -- a b",
		"kv get a -separator":               "kv get a -separator",
		"kv get a -h b":                     "kv get -h",
		"kv put a -cas":                     "kv put a -cas",
		"kv put -h a":                       "kv put -h",
		"kv import -":                       "kv import -- -",
		"kv":                                "kv",
		"nothing a -b":                      "nothing a -b",
		"services register -tag a f -tag b": "services register -tag a -tag b -- f",
	} {
		got := reorder(commands, append([]string{"muster"}, strings.Fields(in)...))
		if !slices.Equal(got[1:], strings.Fields(want)) {
			t.Errorf("%s became %v, want %s", in, got[1:], want)
		}
	}
}
