package catalog

// Pair is a key with its value.
type Pair struct {
	Key         string // any bytes, 1..MaxKeyBytes of them; need not be UTF-8
	Value       []byte
	Flags       uint64 // the client's own; muster stores it and no more
	LockIndex   uint64 // how often the key came into the hands of a session; deleting it begins anew
	Session     string `json:",omitempty"` // that holds the lock; empty: none
	CreateIndex uint64
	ModifyIndex uint64
}

const (
	// MaxValueBytes is the largest value of a key.
	MaxValueBytes = 512 << 10
	// MaxKeyBytes is the longest key.
	MaxKeyBytes = 4096
)
