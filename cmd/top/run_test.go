package top

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"muster/catalog/httpapi"
)

// written is what a terminal was sent.
type written struct {
	mu sync.Mutex
	bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Buffer.Write(p)
}

func (w *written) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.Buffer.String(), text)
}

// TestRun draws, takes keys, and leaves nothing behind, whether somebody quits or it is told to end.
func TestRun(t *testing.T) {
	for name, end := range map[string]func(keys io.Writer, cancel context.CancelFunc){
		"q":      func(keys io.Writer, _ context.CancelFunc) { _, _ = io.WriteString(keys, "q") },
		"ctrl-c": func(keys io.Writer, _ context.CancelFunc) { _, _ = io.WriteString(keys, "\x03") },
		"ended":  func(_ io.Writer, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			a := &fakeAgent{nodes: []httpapi.NodeInfo{{Node: "n1", Services: []*httpapi.NodeService{{ID: "a", Service: "shopping-cart"}}}}}
			a.stream = func(ctx context.Context, _ int, take func(httpapi.ClientChange) error) error {
				if err := take(httpapi.ClientChange{Event: "begin", At: place(1)}); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			}
			input, keys := io.Pipe()
			defer keys.Close()
			out := &written{}
			over := make(chan error, 1)
			go func() {
				over <- Run(ctx, Config{Agent: a, Interval: 50 * time.Millisecond, Input: input, Output: out})
			}()
			for !out.has("shopping-cart") {
				select {
				case err := <-over:
					t.Fatalf("ended: %v", err)
				case <-ctx.Done():
					t.Fatalf("drew %q", out.String())
				case <-time.After(10 * time.Millisecond):
				}
			}
			end(keys, cancel)
			if err := <-over; err != nil {
				t.Error(err)
			}
		})
	}
}
