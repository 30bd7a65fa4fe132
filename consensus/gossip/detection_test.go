package gossip

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// rough is a transport between sockets and a pool that delays and drops packets,
// both ways, and delays streams: what an agent short of processor time looks like.
type rough struct {
	*Sockets
	starved atomic.Bool
	delay   time.Duration // at most
	drop    float64
	packets chan *Packet
	streams chan net.Conn
	done    chan struct{}
	once    sync.Once
	hits    atomic.Int64 // packets delayed or dropped
}

func newRough(t testing.TB, delay time.Duration, drop float64) *rough {
	t.Helper()
	s, err := Listen(loopback, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rough{Sockets: s, delay: delay, drop: drop, packets: make(chan *Packet), streams: make(chan net.Conn), done: make(chan struct{})}
	s.work.Go(func() {
		for {
			select {
			case p := <-s.PacketCh():
				r.pass(func() {
					select {
					case r.packets <- p:
					case <-r.done:
					}
				})
			case <-r.done:
				return
			}
		}
	})
	s.work.Go(func() {
		for {
			select {
			case c := <-s.StreamCh():
				s.work.Go(func() {
					if r.starved.Load() && !r.wait() {
						return
					}
					select {
					case r.streams <- c:
					case <-r.done: // Shutdown closes it
					}
				})
			case <-r.done:
				return
			}
		}
	})
	return r
}

// pass does f now, or late, or never.
func (r *rough) pass(f func()) {
	if !r.starved.Load() {
		f()
		return
	}
	r.hits.Add(1)
	if rand.Float64() < r.drop {
		return
	}
	r.work.Go(func() {
		if r.wait() {
			f()
		}
	})
}

func (r *rough) wait() bool {
	select {
	case <-time.After(rand.N(r.delay + 1)):
		return true
	case <-r.done:
		return false
	}
}

func (r *rough) PacketCh() <-chan *Packet { return r.packets }

func (r *rough) StreamCh() <-chan net.Conn { return r.streams }

func (r *rough) WriteTo(b []byte, addr string) (time.Time, error) {
	b = slices.Clone(b)
	r.pass(func() { _, _ = r.Sockets.WriteTo(b, addr) })
	return time.Now(), nil
}

func (r *rough) DialTimeout(addr string, timeout time.Duration) (net.Conn, error) {
	if r.starved.Load() && !r.wait() {
		return nil, errors.New("shut down")
	}
	return r.Sockets.DialTimeout(addr, timeout)
}

func (r *rough) Shutdown() error {
	r.once.Do(func() { close(r.done) })
	return r.Sockets.Shutdown()
}

// watch counts how often a pool declares a member failed.
func watch(pools []*Pool) func() []string {
	var mu sync.Mutex
	var failed []string
	stop := make(chan struct{})
	var work sync.WaitGroup
	for _, p := range pools {
		work.Go(func() {
			last := map[string]Status{}
			for {
				changed := p.Changed()
				for _, m := range p.Members() {
					if m.Status == Failed && last[m.Name] != Failed {
						mu.Lock()
						failed = append(failed, fmt.Sprintf("%s by %s", m.Name, p.cfg.Name))
						mu.Unlock()
					}
					last[m.Name] = m.Status
				}
				select {
				case <-changed:
				case <-stop:
					return
				}
			}
		})
	}
	return func() []string {
		close(stop)
		work.Wait()
		return failed
	}
}

// An agent whose packets come up to 400 ms late, or not at all, both ways, is not declared failed, and declares nobody failed.
func TestStarved(t *testing.T) {
	if flaps, hits := starve(t, 5, 400*time.Millisecond, 0.25, 6*time.Second); len(flaps) > 0 || hits == 0 {
		t.Errorf("declared failed: %v, with %d packets delayed or dropped", flaps, hits)
	}
}

func starve(t testing.TB, size int, delay time.Duration, drop float64, span time.Duration) (flaps []string, hits int64) {
	slow := newRough(t, delay, drop)
	cfgs := []Config{agent("starved", func(c *Config) { c.Transport = slow })}
	for i := range size - 1 {
		cfgs = append(cfgs, agent(fmt.Sprint("n", i)))
	}
	pools := form(t, cfgs...)
	stop := watch(pools)
	slow.starved.Store(true)
	<-time.After(span)
	slow.starved.Store(false)
	flaps = stop()
	for _, p := range pools { // not at the end of a benchmark of many rounds
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	return flaps, slow.hits.Load()
}

// BenchmarkStarved counts false failures: go test -bench Starved -benchtime 10x.
func BenchmarkStarved(b *testing.B) {
	for _, delay := range []time.Duration{400 * time.Millisecond, 800 * time.Millisecond} {
		b.Run(delay.String(), func(b *testing.B) {
			flaps := 0
			for range b.N {
				found, _ := starve(b, 5, delay, 0.25, 5*time.Second)
				flaps += len(found)
			}
			b.ReportMetric(float64(flaps)/float64(b.N), "failures/op")
		})
	}
}

// A killed agent is found failed by all others within seconds. BenchmarkDetection measures it.
func TestDetection(t *testing.T) {
	took := kill(t, 5, 3)
	t.Logf("found failed by all after %v", took)
	if slices.Max(took) > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// kill ends agents of a pool of some size without a word, one after the other, and
// returns how long it took until all others had found it failed.
func kill(t testing.TB, size, times int) (took []time.Duration) {
	var cfgs []Config
	for i := range size {
		cfgs = append(cfgs, agent(fmt.Sprint("n", i)))
	}
	pools := form(t, cfgs...)
	for i := range times {
		victim := i % size
		name := pools[victim].cfg.Name
		others := append(slices.Clone(pools[:victim]), pools[victim+1:]...)
		from := time.Now()
		stop(t, pools[victim])
		for _, p := range others {
			becomes(t, p, name, Failed)
		}
		took = append(took, time.Since(from))
		pools[victim] = start(t, agent(name))
		join(t, pools[victim], others[0])
		for _, p := range pools {
			await(t, p, "all to be alive", func(m map[string]Member) bool { return len(m) == size && all(m, Alive) })
		}
	}
	return took
}

// BenchmarkDetection measures kills: go test -bench Detection -benchtime 50x.
func BenchmarkDetection(b *testing.B) {
	for _, size := range []int{3, 5, 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			took := kill(b, size, b.N)
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2].Seconds(), "p50-s")
			b.ReportMetric(took[len(took)*99/100].Seconds(), "p99-s")
			b.ReportMetric(took[len(took)-1].Seconds(), "max-s")
		})
	}
}
