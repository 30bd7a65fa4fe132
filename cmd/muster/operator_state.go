package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) autopilotStateCommand() *cli.Command {
	return &cli.Command{
		Name:  "state",
		Usage: "print all the leader knows of the servers",
		Flags: readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			state, err := agent.AutopilotState(c.Context, query(c))
			if err != nil {
				return err
			}
			return s.show(c, state, func(w io.Writer) { printState(w, state) })
		}),
	}
}

func printState(w io.Writer, state *httpapi.AutopilotState) {
	fmt.Fprintf(w, "Healthy:                      %t\n", state.Healthy)
	fmt.Fprintf(w, "Failure Tolerance:            %d\n", state.FailureTolerance)
	fmt.Fprintf(w, "Optimistic Failure Tolerance: %d\n", state.OptimisticFailureTolerance)
	fmt.Fprintf(w, "Leader:                       %s\n", state.Leader)
	fmt.Fprintln(w, "Voters:")
	for _, id := range state.Voters {
		fmt.Fprintf(w, "   %s\n", id)
	}
	fmt.Fprintln(w, "Servers:")
	for _, id := range slices.Sorted(maps.Keys(state.Servers)) {
		fmt.Fprintf(w, "   %s\n", id)
		printServer(w, state.Servers[id])
	}
}

func printServer(w io.Writer, server httpapi.AutopilotServer) {
	for _, line := range [][2]string{
		{"Name", server.Name},
		{"Address", server.Address},
		{"Version", server.Version},
		{"Status", server.Status},
		{"Node Type", server.NodeType},
		{"Node Status", server.NodeStatus},
		{"Healthy", fmt.Sprint(server.Healthy)},
		{"Last Contact", contact(server.LastContact)},
		{"Last Term", fmt.Sprint(server.LastTerm)},
		{"Last Index", fmt.Sprint(server.LastIndex)},
	} {
		fmt.Fprintf(w, "      %-16s %s\n", line[0]+":", line[1])
	}
	if len(server.Meta) == 0 {
		return
	}
	fmt.Fprintln(w, "      Meta")
	for _, key := range slices.Sorted(maps.Keys(server.Meta)) {
		fmt.Fprintf(w, "         %q: %q\n", key, server.Meta[key])
	}
}
