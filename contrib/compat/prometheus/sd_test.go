// Package prometheus runs Prometheus' own consul_sd against a running agent, whose
// host:port is in CONSUL_HTTP_ADDR. It is a module of its own because of what
// Prometheus needs; Debian's package is built without consul_sd.
package prometheus

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/consul"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

func TestConsulSD(t *testing.T) {
	address := os.Getenv("CONSUL_HTTP_ADDR")
	if address == "" {
		t.Skip("CONSUL_HTTP_ADDR names no agent")
	}
	agent, err := api.NewClient(&api.Config{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	register := func(id string, tags ...string) {
		t.Helper()
		err := agent.Agent().ServiceRegister(&api.AgentServiceRegistration{ID: id, Name: "sdtest", Tags: tags, Address: "192.0.2.1", Port: 9100,
			Meta: map[string]string{"path": "/m"}, Check: &api.AgentServiceCheck{TTL: "1h", Status: "passing"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for what, change := range map[string]func(*consul.SDConfig){
		"all services":     func(*consul.SDConfig) {},
		"one service":      func(c *consul.SDConfig) { c.Services = []string{"sdtest"} },
		"by tag":           func(c *consul.SDConfig) { c.Services, c.ServiceTags = []string{"sdtest"}, []string{"blue"} },
		"by filter":        func(c *consul.SDConfig) { c.Filter = `ServiceName == "sdtest"` },
		"by health, fresh": func(c *consul.SDConfig) { c.HealthFilter, c.AllowStale = `Service.Service == "sdtest"`, false },
	} {
		t.Run(what, func(t *testing.T) {
			register("sd1", "blue")
			conf := consul.DefaultSDConfig
			conf.Server, conf.RefreshInterval = address, model.Duration(100*time.Millisecond)
			change(&conf)
			seen := run(t, &conf)
			await(t, seen, "sd1")
			register("sd2", "blue")
			await(t, seen, "sd1", "sd2")
			for _, id := range []string{"sd1", "sd2"} {
				if err := agent.Agent().ServiceDeregister(id); err != nil {
					t.Fatal(err)
				}
			}
			if conf.Services != nil { // a service that is gone from all of them is no longer watched
				await(t, seen)
			}
		})
	}
}

// run runs the discovery until the test ends.
func run(t *testing.T, conf *consul.SDConfig) <-chan []*targetgroup.Group {
	reg := client.NewRegistry()
	metrics := conf.NewDiscovererMetrics(reg, discovery.NewRefreshMetrics(reg))
	d, err := conf.NewDiscoverer(discovery.DiscovererOptions{Logger: promslog.NewNopLogger(), Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen, ended := make(chan []*targetgroup.Group), make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx, seen)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return seen
}

// await waits until the targets of the service are the wanted instances, as Prometheus labels them.
func await(t *testing.T, seen <-chan []*targetgroup.Group, want ...string) {
	t.Helper()
	for deadline := time.After(30 * time.Second); ; {
		select {
		case groups := <-seen:
			for _, g := range groups {
				if g.Source != "sdtest" && g.Labels["__meta_consul_service"] != "sdtest" {
					continue
				}
				var ids []string
				for _, target := range g.Targets {
					ids = append(ids, string(target["__meta_consul_service_id"]))
					if target["__address__"] != "192.0.2.1:9100" || target["__meta_consul_service_metadata_path"] != "/m" ||
						target["__meta_consul_health"] != "passing" || !strings.Contains(string(target["__meta_consul_tags"]), ",blue,") {
						t.Errorf("target %v", target)
					}
				}
				if slices.Sort(ids); slices.Equal(ids, want) {
					return
				}
			}
		case <-deadline:
			t.Fatalf("no targets %v within 30 s", want)
		}
	}
}
