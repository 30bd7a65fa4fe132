package gossip

import (
	"log"
	"log/slog"
	"strings"
	"unicode"

	"muster/metrics"
)

// libraryLog is where memberlist's log lines go: "[LEVEL] memberlist: text". They
// are the only way in which it tells of peers with a wrong key or none.
type libraryLog struct {
	to      *reporter
	metrics *metrics.GossipPool
}

func (l libraryLog) logger() *log.Logger { return log.New(l, "", 0) }

// refusedMark begins the text of our own refusals, which were reported where they were made.
const refusedMark = "refused: "

// keyTrouble are memberlist's words for a peer that is not encrypted, or with
// another key. In a packet the two cannot be told apart.
var keyTrouble = []string{
	"Decrypt packet failed", "installed keys could decrypt", "is not encrypted", "encryption is not configured",
}

// malformed are its words for what cannot be understood.
var malformed = []string{
	"ailed to decode", "not supported", "invalid msgType", "truncated", "exceeds limit", "larger than limit",
	"checksum", "label", "missing message type", "packet too short", "Failed to decompress", "Failed to read remote state",
}

// routine are its words for what comes before a member is found to have failed, or not;
// what comes of it is told by the book.
var routine = []string{
	"Refuting a suspect message", "Refuting a dead message", "Failed fallback TCP ping", "Failed to send UDP", "Failed to send indirect",
	"Failed to send gossip", "Failed to send ack", "Failed to send nack", "Failed to forward ack", "Got ping for unexpected node",
}

// Write implements io.Writer, with one line each time.
func (l libraryLog) Write(p []byte) (int, error) {
	level, text := levelOf(strings.TrimSpace(string(p)))
	text = strings.TrimPrefix(text, "memberlist: ")
	switch {
	case strings.Contains(text, refusedMark), strings.HasPrefix(text, "Conflicting address"):
		// said already
	case level >= slog.LevelWarn && containsAny(text, keyTrouble):
		l.metrics.Refused(metrics.RefusedKey)
		l.to.seldom("key", slog.LevelWarn, "gossip refused: not encrypted with a key of this agent", "address", fromOf(text))
	case level >= slog.LevelWarn && containsAny(text, malformed):
		l.metrics.Refused(metrics.RefusedMalformed)
		l.to.seldom("malformed", slog.LevelWarn, "gossip refused: not understood", "address", fromOf(text), "reason", text)
	case level >= slog.LevelWarn:
		l.to.seldom(kindOf(text), level, "gossip trouble", "reason", text)
	default:
		l.to.report(level, "gossip", "event", text)
	}
	return len(p), nil
}

// levelOf splits the level off. Trouble with the network is a warning, and what
// is said at every start of an agent that was known before is none at all.
func levelOf(line string) (slog.Level, string) {
	tag, text, found := strings.Cut(line, " ")
	if !found {
		return slog.LevelDebug, line
	}
	switch tag {
	case "[ERR]", "[ERROR]", "[WARN]", "Err:":
		switch {
		case strings.Contains(text, "Refuting an alive message"):
			return slog.LevelDebug - 4, text
		case containsAny(text, routine):
			return slog.LevelDebug, text
		}
		return slog.LevelWarn, text
	case "[INFO]":
		return slog.LevelDebug, text
	case "[DEBUG]":
		return slog.LevelDebug - 4, text
	}
	return slog.LevelDebug, line
}

// kindOf is the words of a line up to the first that differs from case to case.
func kindOf(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool {
		return unicode.IsDigit(r) || strings.ContainsRune(`:'"([`, r)
	})
	if end < 0 {
		end = len(text)
	}
	return text[:min(end, 24)]
}

func fromOf(text string) string {
	_, from, _ := strings.Cut(text, "from=")
	from, _, _ = strings.Cut(from, " ")
	return from
}

func containsAny(text string, words []string) bool {
	for _, s := range words {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
