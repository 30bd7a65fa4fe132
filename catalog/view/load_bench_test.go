package view

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"
)

// BenchmarkLoad starts a View from its copy on disk, as a client does that was rebooted.
func BenchmarkLoad(b *testing.B) {
	for _, count := range []int{10_000, manyInstances, 2 * manyInstances} {
		b.Run(fmt.Sprintf("instances=%d", count), func(b *testing.B) {
			cfg := Config{Datacenter: "dc1", Logger: slog.New(slog.DiscardHandler), Open: dialing("127.0.0.1:1")}
			cfg.File = copyOf(b, filled(b, count), time.Now())
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				runtime.GC() // a process that starts has no garbage of another
				b.StartTimer()
				v, err := New(cfg)
				if err != nil {
					b.Fatal(err)
				}
				if v.State().Snapshot().Counts().Instances != count {
					b.Fatal("rows are missing")
				}
			}
		})
	}
}
