package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestKillUnderWriteLoad kills the real binary with SIGKILL while clients write,
// twenty times over the same data directory. Every acknowledged write is there afterwards.
func TestKillUnderWriteLoad(t *testing.T) {
	const rounds, writers = 20, 8
	dir := t.TempDir()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	acknowledged := map[string]string{}
	unknown := 0
	for round := range rounds {
		p := startProcess(t, "-server", "-bootstrap-expect", "1", "-node", "n1", "-data-dir", dir)
		eventually(t, "leader", func() (bool, string) {
			code, body := p.get("/v1/kv/?keys&consistent")
			return code == http.StatusOK || code == http.StatusNotFound, fmt.Sprint(code, " ", body)
		})
		for key, value := range acknowledged {
			if code, body := p.get("/v1/kv/" + key + "?raw"); code != http.StatusOK || body != value {
				t.Fatalf("round %d (seed %d): acknowledged key %s is now %d %q, want %q", round, seed, key, code, body, value)
			}
		}
		limit := 100 + random.Int32N(200)
		acked, lost := p.writeUntil(round, writers, limit)
		if len(acked) < int(limit) {
			t.Fatalf("round %d: only %d of %d writes were acknowledged before the kill", round, len(acked), limit)
		}
		if len(acknowledged) > 1000 {
			clear(acknowledged) // each key was found after at least one kill
		}
		for k, v := range acked {
			acknowledged[k] = v
		}
		unknown += lost
	}
	t.Logf(`{"test":"kill","seed":%d,"rounds":%d,"kept":%d,"unknown":%d,"verdict":"ok"}`, seed, rounds, len(acknowledged), unknown)
	if unknown == 0 {
		t.Error("no kill ever hit a write in flight: the test shows nothing")
	}
}

// writeUntil writes keys from several clients and kills the process after limit
// acknowledgements, with the clients still writing. It returns what was
// acknowledged and how many writes got no answer.
func (p *process) writeUntil(round, writers int, limit int32) (acked map[string]string, lost int) {
	acked = map[string]string{}
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		count atomic.Int32
		once  sync.Once
	)
	for w := range writers {
		wg.Go(func() {
			for i := 0; ; i++ {
				key, value := fmt.Sprintf("r%d/w%d/%d", round, w, i), fmt.Sprintf("v%d", i*7)
				ok, err := p.put(key, value)
				if err != nil {
					mu.Lock()
					lost++
					mu.Unlock()
					return
				}
				if ok {
					mu.Lock()
					acked[key] = value
					mu.Unlock()
					if count.Add(1) >= limit {
						once.Do(func() { p.signal(syscall.SIGKILL) })
					}
				}
			}
		})
	}
	wg.Wait()
	<-p.gone
	return acked, lost
}

func (p *process) put(key, value string) (ok bool, err error) {
	req, err := http.NewRequest(http.MethodPut, "http://"+p.http+"/v1/kv/"+key, strings.NewReader(value))
	if err != nil {
		return false, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK, nil
}
