package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hidden stands for what was taken out.
const hidden = "(hidden)"

// secretKeys are whole names of what is never shown, secretWords what such names have in them: in lower case
// and without "-", "_" and ".".
var (
	secretKeys  = []string{"authorization", "cookie", "encrypt", "header", "headers", "tokens"}
	secretWords = []string{"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "accesskey", "privatekey"}
)

func secretKey(name string) bool {
	name = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
	return slices.Contains(secretKeys, name) || slices.ContainsFunc(secretWords, func(word string) bool { return strings.Contains(name, word) })
}

// cleanJSON takes secrets out of a document, which keeps its form.
func cleanJSON(document []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("left out, since it is no JSON that secrets could be taken out of: %w", err)
	}
	return encode(clean(v))
}

func clean(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if _, flag := inner.(bool); secretKey(name) && inner != nil && inner != "" && !flag {
				v[name] = hidden
			} else {
				v[name] = clean(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = clean(v[i])
		}
	case string:
		return text(v)
	}
	return v
}

// rules find secrets in lines that anybody may have written: outputs of checks, log lines, errors.
// Each is tried where one of its words is, in lower case: logs are long.
var rules = append([]rule{
	// user:password@ of a URL, to the last "@": a password may have one, and quotes
	{[]string{"://"}, regexp.MustCompile(`://[^/\s"]*@`), "://" + hidden + "@"},
	// values in the query of a URL
	{[]string{"?", "&"}, regexp.MustCompile(`([?&][\w.~%\[\]-]+=)[^&\s"'\\#<>)]+`), "${1}" + hidden},
	// header lines, whose values may be of several words
	{[]string{"authorization", "cookie"}, regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?\s*[:=]\s*)[^\r\n"'\\]+`), "${1}${2}" + hidden},
	{[]string{"bearer", "basic"}, regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}`), "${1} " + hidden},
}, slices.Concat(
	values(secretName+`\\?["']?\s*[:=]\s*`),      // names with a value
	values(`--?[\w-]*`+secretName+`\\?["']?\s+`), // arguments of commands
)...)

// rule puts something in the place of what it finds.
type rule struct {
	words []string
	find  *regexp.Regexp
	put   string
}

// secretName is a name of what is secret, or its end.
const secretName = `(?i:password|passwd|passphrase|secret|token|credentials?|(?:api|access|private|secret)[_-]?key|encrypt)[\w-]*`

// values are the rules for what stands behind a name: in quotes, which may be escaped, or up to the next space.
func values(name string) (out []rule) {
	hints := []string{"passw", "passphrase", "secret", "token", "key", "credential", "encrypt"}
	for _, value := range []string{`\\")[^"\\]*`, `")[^"]*`, `')[^']*`, `)[^\s"'\\(][^\s"'\\]*`} {
		out = append(out, rule{hints, regexp.MustCompile(`(` + name + value), "${1}" + hidden})
	}
	return out
}

// privateKey is one in PEM, or what there is of it.
var privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)

// text takes secrets out of a text as far as they can be told from all else.
func text(s string) string {
	var out strings.Builder
	for line := range strings.Lines(privateKey.ReplaceAllString(s, hidden)) {
		lower := strings.ToLower(line)
		for _, r := range rules {
			if slices.ContainsFunc(r.words, func(word string) bool { return strings.Contains(lower, word) }) {
				line = r.find.ReplaceAllString(line, r.put)
			}
		}
		out.WriteString(line)
	}
	return out.String()
}
