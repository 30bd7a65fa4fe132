package probes

import (
	"fmt"
	"io"
	"regexp"

	"muster/catalog"
)

// readUntil reads until pattern matches what was read, at most MaxCheckOutput
// bytes. The error says why it does not match yet, if it does not.
func readUntil(r io.Reader, pattern *regexp.Regexp) (got []byte, err error) {
	buf := make([]byte, catalog.MaxCheckOutput)
	for n := 0; ; {
		more, err := r.Read(buf[n:])
		n += more
		switch {
		case pattern.Match(buf[:n]):
			return buf[:n], nil
		case err == io.EOF:
			return buf[:n], fmt.Errorf("closed without an answer that matches %q", pattern)
		case err != nil:
			return buf[:n], err
		case n == len(buf):
			return buf, fmt.Errorf("the first %d bytes do not match %q", n, pattern)
		}
	}
}

// withOutput adds what the target said, if anything.
func withOutput(text string, said []byte) string {
	if len(said) == 0 {
		return text
	}
	return text + " Output: " + string(said)
}

// pattern compiles what a definition expects, nil when it expects nothing. A
// definition that is valid compiles.
func pattern(text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	return regexp.MustCompile(text)
}
