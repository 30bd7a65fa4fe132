package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"muster/cmd/terminal"
)

// configFacts are what the config files are like.
type configFacts struct {
	paths    []string
	problems []string
	unusable error // no agent can start from them without flags; nil: one can
	warnings []string
	exposed  []string // files with the key of gossip that everyone may read, and how
}

func lookAtConfig(_ context.Context, c *chart) []Finding {
	f := configFacts{paths: c.Paths, unusable: c.unusable, warnings: c.warnings}
	for _, p := range c.problems {
		f.problems = append(f.problems, p.Error())
	}
	exposed, err := exposedKeys(c.Paths)
	if err != nil {
		return fail("give the user who looks the right to read them", "cannot be read: %v", err)
	}
	f.exposed = exposed
	return f.judge()
}

func (f configFacts) judge() []Finding {
	if len(f.problems) > 0 {
		return fail("`muster validate "+strings.Join(f.paths, " ")+"` lists all", "%s: %s", terminal.Count(len(f.problems), "mistake"), f.problems[0])
	}
	var out []Finding
	if len(f.exposed) > 0 {
		out = append(out, warn("chmod o-r", "everyone may read the key of gossip: %s", some(f.exposed))...)
	}
	if f.unusable != nil {
		first, _, _ := strings.Cut(f.unusable.Error(), "\n")
		out = append(out, warn("that is well if the agent's flags add it", "no agent can start from the files alone: %s", first)...)
	}
	for _, w := range f.warnings {
		out = append(out, warn("", "%s", w)...)
	}
	if len(out) == 0 {
		return ok("no mistake in %s", strings.Join(f.paths, ", "))
	}
	return out
}

// maxConfig bounds what is read of a file to look for a key in it.
const maxConfig = 1 << 20

// exposedKeys lists the config files that set encrypt and can be read by everyone.
func exposedKeys(paths []string) ([]string, error) {
	var out []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		names := []string{path}
		if info.IsDir() {
			if names, err = filepath.Glob(filepath.Join(path, "*.json")); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			mode, exposed, err := exposedKey(name)
			if err != nil {
				return nil, err
			}
			if exposed {
				out = append(out, fmt.Sprintf("%s (mode %04o)", name, mode))
			}
		}
	}
	return out, nil
}

func exposedKey(name string) (mode fs.FileMode, exposed bool, err error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxConfig || info.Mode().Perm()&0o004 == 0 {
		return 0, false, err
	}
	text, err := os.ReadFile(name)
	return info.Mode().Perm(), bytes.Contains(text, []byte(`"encrypt"`)), err
}
