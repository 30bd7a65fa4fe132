package main

import (
	"time"

	"muster/contrib/bench/names"
)

// churn takes instances out of the answers and puts them back, each change one
// request, at a steady rate over all services in turn. It ends with every instance passing.
func churn(o options) (int, error) {
	workers := min(o.clients, o.rate, o.set.Services)
	end := time.Now().Add(o.period)
	return each(workers, func(worker int) (int, error) {
		d, err := openDoor(o.http)
		if err != nil {
			return 0, err
		}
		defer d.close()
		interval := time.Second * time.Duration(workers) / time.Duration(o.rate)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for done := 0; ; done++ {
			if done%2 == 0 && time.Now().After(end) {
				return done, nil
			}
			if err := d.put("/v1/catalog/register", change(o.set, worker, workers, done)); err != nil {
				return done, err
			}
			<-tick.C
		}
	})
}

// change is a worker's change number n: even ones take an instance of the next of
// the worker's services out, odd ones bring it back.
func change(set names.Set, worker, workers, n int) registration {
	own := (set.Services - worker + workers - 1) / workers // services of this worker
	i := set.Instance(worker + n/2%own*workers)
	status := "critical"
	if n%2 == 1 {
		status = "passing"
	}
	return registration{Node: i.Node, SkipNodeUpdate: true, Check: checkOf(i, status)}
}
