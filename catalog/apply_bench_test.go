package catalog_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"muster/catalog"
)

// registration is the i-th of a series: ten instances to a service, a check each, a thousand nodes.
func registration(i int) *catalog.Register {
	id := fmt.Sprintf("service-%05d-%d", i/10, i%10)
	name := fmt.Sprintf("service-%05d", i/10)
	return &catalog.Register{
		Node: catalog.Node{Name: fmt.Sprintf("node-%04d", i*7919%1000), Address: fmt.Sprintf("10.0.%d.%d", i*7919%1000/256, i*7919%1000%256)},
		Instance: &catalog.Instance{
			ID: id, Name: name, Tags: []string{"primary", "v1"}, Address: fmt.Sprintf("10.%d.%d.%d", 1+i>>16, i>>8&255, i&255),
			Port: 8080, Weights: catalog.DefaultWeights,
		},
		Checks: []*catalog.Check{{ID: "check:" + id, Name: "alive", Status: catalog.Passing, ServiceID: id, Type: "tcp"}},
	}
}

// register puts count registrations into a new state, batch of them at a time.
func register(b testing.TB, state *catalog.State, from, count, batch int) {
	b.Helper()
	for i := 0; i < count; i += batch {
		steps := make([]catalog.Step, min(batch, count-i))
		for k := range steps {
			steps[k] = catalog.Step{Index: uint64(from + i + k + 1), Command: registration(from + i + k)}
		}
		for _, a := range state.ApplyAll(steps) {
			if a.Err != nil {
				b.Fatal(a.Err)
			}
		}
	}
}

// BenchmarkRegister registers instances that are new, beside 100,000 others: one to
// a log entry alone, and as the log hands them over when sixteen clients write.
func BenchmarkRegister(b *testing.B) {
	const before = 100_000
	for _, batch := range []int{1, 16} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			state := catalog.New()
			register(b, state, 0, before, 64)
			runtime.GC()
			b.ReportAllocs()
			b.ResetTimer()
			register(b, state, before, b.N, batch)
		})
	}
}

// BenchmarkHeap reports what an instance with a check keeps of the heap.
func BenchmarkHeap(b *testing.B) {
	const count = 100_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		state := catalog.New()
		register(b, state, 0, count, 4)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/count, "heap-B/instance")
		runtime.KeepAlive(state)
	}
}

// BenchmarkRead looks up what a DNS question does, in a catalog of 100,000 instances.
func BenchmarkRead(b *testing.B) {
	state := catalog.New()
	register(b, state, 0, 100_000, 64)
	snap := state.Snapshot()
	names := make([]string, 1000)
	for i := range names {
		names[i] = registration(i * 97).Instance.Name
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if e, _ := snap.WatchEntries(names[i%len(names)]); len(e) != 10 {
			b.Fatal(len(e))
		}
	}
}

// BenchmarkRestore reads a catalog of 100,000 instances, as a server does with a raft snapshot.
func BenchmarkRestore(b *testing.B) {
	state := catalog.New()
	register(b, state, 0, 100_000, 64)
	var saved bytes.Buffer
	if err := state.Snapshot().Persist(&saved); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(saved.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if err := catalog.New().Restore(bytes.NewReader(saved.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
