package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

// agentFlags are the flags of every command that talks to an agent, followed by the command's own.
func agentFlags(own ...cli.Flag) []cli.Flag {
	return append(append(own, tlsFlags()...),
		&cli.StringFlag{Name: "http-addr", Usage: "`ADDRESS` of the agent: host:port, http(s)://host:port or unix:///path (or MUSTER_HTTP_ADDR, CONSUL_HTTP_ADDR)", DefaultText: "127.0.0.1:8500"},
		&cli.StringFlag{Name: "token", Usage: "`TOKEN` to send (or MUSTER_HTTP_TOKEN, CONSUL_HTTP_TOKEN)"},
	)
}

// readFlags are the flags of commands that read shared state.
func readFlags(own ...cli.Flag) []cli.Flag {
	return agentFlags(append(own, datacenterFlag(),
		switchFlag("stale", "let any server answer from what it has"),
		formatFlag(),
	)...)
}

func datacenterFlag() cli.Flag {
	return &cli.StringFlag{Name: "datacenter", Usage: "ask `DC`", DefaultText: "the agent's own"}
}

// query returns what readFlags ask for.
func query(c *cli.Context) httpapi.ClientQuery {
	return httpapi.ClientQuery{Datacenter: c.String("datacenter"), Stale: c.Bool("stale")}
}

// agent returns a client of the agent that flags and environment name.
func (s *shell) agent(c *cli.Context) (*httpapi.Client, error) {
	addr, from := s.setting(c, "http-addr", "HTTP_ADDR")
	token, _ := s.setting(c, "token", "HTTP_TOKEN")
	secure, err := s.switched(c, "HTTP_SSL", false)
	if err != nil {
		return nil, err
	}
	trust, err := s.tls(c)
	if err != nil {
		return nil, err
	}
	client, err := httpapi.NewClient(httpapi.ClientConfig{Addr: addr, Token: token, Secure: secure, TLS: trust})
	if err != nil {
		return nil, usagef(c, "%s: %v", from, err)
	}
	s.client = client
	return client, nil
}

// asks is the action of a command that takes no arguments and asks the agent something.
func (s *shell) asks(what func(*cli.Context, *httpapi.Client) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := arguments(c, 0, 0); err != nil {
			return err
		}
		agent, err := s.agent(c)
		if err != nil {
			return err
		}
		return what(c, agent)
	}
}

// unreachable says what to do about an agent that does not answer.
func unreachable(e *httpapi.ClientUnreachableError) string {
	cause := ""
	if !errors.Is(e, syscall.ECONNREFUSED) {
		cause = fmt.Sprintf(" (%v)", e.Err)
	}
	return fmt.Sprintf("cannot reach an agent at %s%s: is it running? (set -http-addr or MUSTER_HTTP_ADDR)", e.Addr, cause)
}
