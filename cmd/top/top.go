// Package top shows what changes in a cluster, live in a terminal: services by their health, the changes as
// they come, and how the agent that is asked is doing.
//
// [Model] is all there is to see: it is brought forward by messages and drawn as text, and knows neither clock, nor agent, nor
// terminal. [Feed] has an agent's words sent to it, [Run] puts it on a terminal, [Once] prints it.
package top

import (
	"time"

	"muster/catalog/httpapi"
)

// The messages of a model.
type (
	// Loaded is everything there is.
	Loaded struct {
		At    time.Time
		Nodes []httpapi.NodeInfo
	}
	// Changed is what has changed since.
	Changed struct {
		At     time.Time
		Change *httpapi.CatalogChange
	}
	// Linked says that changes are heard of, after they were not.
	Linked struct{}
	// Lost says that changes are not heard of any more.
	Lost struct {
		At  time.Time
		Err error
	}
	// Clock is what time it is.
	Clock struct{ Now time.Time }
	// Size is how large the terminal is, in cells.
	Size struct{ Width, Height int }
	// Key is a key that was pressed.
	Key struct {
		Name string // such as "a", "up", "ctrl+c"
		Text string // what it writes; empty: nothing
	}
	// Batch is messages in order.
	Batch []any
)

// Action is what a message asks of those who sent it.
type Action int

// The actions.
const (
	Nothing Action = iota
	Quit
	Suspend // the process, as Ctrl-Z does
	Reload  // read everything anew
)
