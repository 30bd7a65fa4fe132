package agent

import (
	"strings"
	text "text/template"

	"github.com/hashicorp/go-sockaddr/template"
)

// expand evaluates a go-sockaddr template such as {{ GetPrivateIP }}; text that is
// none comes back as it is. known is false when there is nothing to go on with:
// the template is wrong, which has been told, or the machine is not to be asked.
func (b *builder) expand(key, value string) (expanded string, known bool) {
	if !strings.Contains(value, "{{") {
		return value, true
	}
	var err error
	if b.evaluate == nil {
		_, err = text.New("address").Funcs(template.SourceFuncs).Funcs(template.SortFuncs).
			Funcs(template.FilterFuncs).Funcs(template.HelperFuncs).Parse(value)
	} else {
		expanded, err = b.evaluate(value)
	}
	if err != nil {
		b.problem(key, "%q cannot be evaluated: %s", value, oneLine(err))
		return "", false
	}
	return expanded, b.evaluate != nil
}

// oneLine returns an error's text without breaks, which would break up the list of problems.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
