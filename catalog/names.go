package catalog

import (
	"cmp"
	"strings"
)

// Longest DNS label and name in octets (RFC 1035 section 2.3.4).
const (
	maxLabel = 63
	maxName  = 253
)

// ValidServiceName reports, as an Invalid error, why a service name cannot be
// carried by one DNS label of letters, digits, '-' and '_'. Nil means it can.
func ValidServiceName(name string) error {
	return validLabel("service name", name)
}

// ValidNodeName is like ValidServiceName for a node, whose name may be several labels.
// The limit leaves room for ".node.DC.DOMAIN" to follow.
func ValidNodeName(name string) error {
	if len(name) > maxName-64 {
		return Errorf(Invalid, "node name %.20q... has %d octets, DNS leaves it %d", name, len(name), maxName-64)
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := validLabel("node name", label); err != nil {
			if name == "" {
				return Errorf(Invalid, "node name is missing")
			}
			return err
		}
	}
	return nil
}

func validLabel(what, label string) error {
	if label == "" {
		return Errorf(Invalid, "%s is missing or has an empty label", what)
	}
	if len(label) > maxLabel {
		return Errorf(Invalid, "%s %.20q... has %d octets, a DNS label holds %d", what, label, len(label), maxLabel)
	}
	for i := range len(label) {
		if !isLDH(label[i]) {
			return Errorf(Invalid, "%s %q: character %q cannot stand in a DNS name (use letters, digits, '-' and '_')", what, label, label[i])
		}
	}
	return nil
}

func isLDH(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// Fold lower-cases the ASCII letters of s and nothing else, as DNS compares names (RFC 4343).
// A string without upper-case letters comes back as it is, without an allocation.
func Fold(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// EqualFold reports whether Fold(a) == Fold(b), without an allocation.
func EqualFold(a, b string) bool { return len(a) == len(b) && compareFold(a, b) == 0 }

// compareFold is strings.Compare of Fold(a) and Fold(b), without an allocation.
func compareFold(a, b string) int {
	if a == b {
		return 0
	}
	for i := range min(len(a), len(b)) {
		if x, y := a[i], b[i]; x != y {
			if x, y = foldOctet(x), foldOctet(y); x != y {
				return cmp.Compare(x, y)
			}
		}
	}
	return cmp.Compare(len(a), len(b))
}

func foldOctet(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// ValidHostName reports, as an Invalid error, why a name cannot stand as a host
// name in a DNS answer. A trailing dot is allowed.
func ValidHostName(name string) error {
	name = strings.TrimSuffix(name, ".")
	if len(name) > maxName {
		return Errorf(Invalid, "host name %.20q... has %d octets, DNS allows %d", name, len(name), maxName)
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := validLabel("host name", label); err != nil {
			return err
		}
	}
	return nil
}
