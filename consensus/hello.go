package consensus

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/hashicorp/raft"
)

// Each connection between raft members begins with a hello: helloMark, the length of
// an id in one byte, and the id of the member that is meant. Raft knows its peers by id and
// reaches them by address, and believes whoever answers there. When two servers come
// back at each other's addresses a member could have two votes, or vote for itself in another's name.
const (
	helloMark = 0xA1 // no kind of message of raft's, nor the first byte of a protocol that strays in
	maxID     = 255
)

// hello is the beginning of a connection to the member with an id.
func hello(id string) []byte { return append([]byte{helloMark, byte(len(id))}, id...) }

// errNoHello tells of a connection that is not raft's at all.
var errNoHello = errors.New("it does not speak raft")

// readHello returns whom a connection is meant for.
func readHello(from io.Reader) (id string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(from, head[:1]); err != nil {
		return "", err
	}
	if head[0] != helloMark {
		return "", errNoHello
	}
	if _, err := io.ReadFull(from, head[1:]); err != nil {
		return "", err
	}
	b := make([]byte, head[1])
	if _, err := io.ReadFull(from, b); err != nil {
		return "", err
	}
	return string(b), nil
}

// meant is a member's address as raft hands it to the stream: with the id before it, so
// that connections raft keeps for reuse are told apart by it, too.
func meant(id raft.ServerID, addr raft.ServerAddress) raft.ServerAddress {
	return raft.ServerAddress(string(id) + "@" + string(addr))
}

// whom undoes meant.
func whom(target raft.ServerAddress) (id, addr string, err error) {
	at := strings.LastIndexByte(string(target), '@')
	if at < 1 || at > maxID {
		return "", "", fmt.Errorf("raft peer %s: no id, or too long a one", target)
	}
	return string(target[:at]), string(target[at+1:]), nil
}

// Nowhere is the address to list a server under whose own another server has: an address
// belongs to one server only. It is found by [Config.Locate] alone.
func Nowhere(id string) string { return id + nowhere }

// nowhere ends in a name that never resolves (RFC 6761, section 6.4).
const nowhere = ".moved.invalid:1"

var errNowhere = errors.New("it is not known where this server is now")
