// Command load fills a muster agent with the benchmarks' catalog, changes it, and
// asks for it. It speaks the public HTTP API and DNS only, so it fits any agent that does.
//
//	load register   registers every instance of the set, with one check each
//	load churn      changes the health of instances, -rate times a second
//	load ask        asks DNS for every service of the set once
//
// Each prints what it did as one line of JSON.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"muster/contrib/bench/names"
)

// options of all the commands; each reads those it needs.
type options struct {
	set     names.Set
	http    string // host:port
	dns     string // host:port
	clients int    // connections, one request at a time on each
	rate    int    // changes a second
	period  time.Duration
}

// report is what a command has done.
type report struct {
	Command   string  `json:"command"`
	Clients   int     `json:"clients"`
	Done      int     `json:"done"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"per_second"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	commands := map[string]func(options) (int, error){"register": register, "churn": churn, "ask": ask}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: load register|churn|ask [flags]")
	}
	var o options
	flags := flag.NewFlagSet("load "+args[0], flag.ContinueOnError)
	flags.IntVar(&o.set.Services, "services", 1000, "services of the set")
	flags.IntVar(&o.set.Each, "each", 3, "instances of each service")
	flags.IntVar(&o.set.Nodes, "nodes", 100, "nodes they are spread over")
	flags.StringVar(&o.http, "http", "127.0.0.1:8500", "the agent's HTTP address")
	flags.StringVar(&o.dns, "dns", "127.0.0.1:8600", "the agent's DNS address")
	flags.IntVar(&o.clients, "clients", 16, "connections, with one request at a time on each")
	flags.IntVar(&o.rate, "rate", 200, "changes a second (churn)")
	flags.DurationVar(&o.period, "for", 10*time.Second, "how long to make changes (churn)")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if min(o.set.Services, o.set.Each, o.set.Nodes, o.clients, o.rate) < 1 {
		return errors.New("services, each, nodes, clients and rate must be at least 1")
	}
	began := time.Now()
	done, err := commands[args[0]](o)
	if err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	return json.NewEncoder(os.Stdout).Encode(report{args[0], o.clients, done, took, float64(done) / took})
}
