package httpapi

import (
	"testing"

	"muster/catalog"
)

// FuzzFilter: an expression compiles or is refused; it never panics, and it
// judges a row or refuses to.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		`Node.Node == "a" and not Checks.Status != "critical" or "x" in Service.Tags`,
		`any Checks as i, c { c.Status matches "^p" and i == 0 }`,
		`Service.TaggedAddresses["lan"].Port == 80`, "\"\" == `a`", `"/Node/Node" is empty`, `Checks[0].Status is nil`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keep, err := filterOf(text, sampleEntry)
		if err != nil {
			if catalog.CodeOf(err) != catalog.Invalid {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if _, err := keep.only([]*ServiceEntry{filterRow()}); err != nil && catalog.CodeOf(err) != catalog.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	})
}
