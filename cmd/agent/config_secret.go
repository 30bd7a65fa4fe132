package agent

import (
	"fmt"
	"io"
)

// Secret is bytes that must not be shown. However it is printed, logged or put
// into JSON, only whether there is one comes out. Convert it to []byte to use it.
type Secret []byte

// String returns what may be said of the secret.
func (s Secret) String() string {
	if len(s) == 0 {
		return ""
	}
	return "(hidden)"
}

// Format implements fmt.Formatter, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText implements encoding.TextMarshaler, which slog and JSON ask for.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
