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

// secretKeys are what is never shown whole, by the names that people give to it, in lower case
// and without "-" and "_".
var secretKeys = map[string]bool{
	"authorization": true, "cookie": true, "encrypt": true, "header": true, "headers": true, "password": true, "passwd": true,
	"secret": true, "token": true, "tokens": true, "apikey": true, "privatekey": true,
}

func secretKey(name string) bool {
	return secretKeys[strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))]
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
			if secretKey(name) && inner != nil && inner != "" {
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
var rules = []struct {
	words []string
	find  *regexp.Regexp
	put   string
}{
	// user:password@ of a URL
	{[]string{"://"}, regexp.MustCompile(`://[^/\s"'@]*@`), "://" + hidden + "@"},
	// values in the query of a URL
	{[]string{"?", "&"}, regexp.MustCompile(`([?&][\w.~%\[\]-]+=)[^&\s"'\\#<>)]+`), "${1}" + hidden},
	// header lines, whose values may be of several words
	{[]string{"authorization", "cookie"}, regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?\s*[:=]\s*)[^\r\n"'\\]+`), "${1}${2}" + hidden},
	{[]string{"bearer", "basic"}, regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}`), "${1} " + hidden},
	// names of secrets with a value of one word
	{[]string{"passw", "secret", "token", "key", "encrypt"},
		regexp.MustCompile(`(?i)(password|passwd|secret|token|api[_-]?key|private[_-]?key|encrypt)(\\?["']?\s*[:=]\s*\\?["']?)[^\s"',;&\\}]+`), "${1}${2}" + hidden},
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
