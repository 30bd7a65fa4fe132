package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) raftListCommand() *cli.Command {
	return &cli.Command{
		Name:        "list-peers",
		Usage:       "list the servers of the raft configuration",
		Description: "Without a leader, -stale shows what the agent's server has.",
		Flags:       readFlags(),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			raft, err := agent.RaftConfiguration(c.Context, query(c))
			if err != nil {
				return err
			}
			return s.show(c, raft, func(w io.Writer) { table(w, peerRows(raft.Servers)) })
		}),
	}
}

func peerRows(peers []httpapi.RaftPeer) [][]string {
	var leader uint64
	for _, p := range peers {
		if p.Leader {
			leader = p.LastIndex
		}
	}
	rows := [][]string{{"Node", "ID", "Address", "State", "Voter", "RaftProtocol", "Commit Index", "Trails Leader By"}}
	for _, p := range peers {
		state, index := "follower", "-"
		if p.Leader {
			state = "leader"
		}
		if p.LastIndex > 0 {
			index = strconv.FormatUint(p.LastIndex, 10)
		}
		rows = append(rows, []string{p.Node, p.ID, p.Address, state, strconv.FormatBool(p.Voter), p.ProtocolVersion, index, trails(p, leader)})
	}
	return rows
}

// trails tells how many entries a server's log lacks of the leader's.
func trails(p httpapi.RaftPeer, leader uint64) string {
	switch {
	case p.Leader || p.LastIndex == 0 || leader == 0:
		return "-"
	case leader == p.LastIndex+1:
		return "1 commit"
	}
	return fmt.Sprintf("%d commits", max(leader, p.LastIndex)-p.LastIndex)
}

func (s *shell) raftRemoveCommand() *cli.Command {
	return &cli.Command{
		Name:  "remove-peer",
		Usage: "take a server that is gone for good out of the raft configuration",
		Description: "force-leave does the same, and more, for a server that still stands among the members.\n" +
			"A server that is alive comes back by itself: stop it first.",
		Flags: agentFlags(datacenterFlag(),
			&cli.StringFlag{Name: "address", Usage: "the server at `IP:PORT`"},
			&cli.StringFlag{Name: "id", Usage: "the server with `ID`"},
		),
		Action: s.raftRemove,
	}
}

func (s *shell) raftRemove(c *cli.Context) error {
	id, address, dc := c.String("id"), c.String("address"), c.String("datacenter")
	switch {
	case c.NArg() > 0:
		return arguments(c, 0, 0)
	case id == "" && address == "":
		return usagef(c, "-id or -address is missing (list-peers shows them)")
	case id != "" && address != "":
		return usagef(c, "-id and -address exclude each other")
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	if id != "" {
		if err := agent.RemoveRaftPeerByID(c.Context, id, dc); err != nil {
			return err
		}
		fmt.Fprintf(s.stdout, "Removed peer with id %q\n", id)
		return nil
	}
	if err := agent.RemoveRaftPeerAt(c.Context, address, dc); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "Removed peer with address %q\n", address)
	return nil
}

func (s *shell) raftTransferCommand() *cli.Command {
	return &cli.Command{
		Name:  "transfer-leader",
		Usage: "have another server lead",
		Flags: agentFlags(datacenterFlag(), &cli.StringFlag{Name: "id", Usage: "the server with `ID`", DefaultText: "the most up to date"}),
		Action: s.asks(func(c *cli.Context, agent *httpapi.Client) error {
			if err := agent.TransferLeader(c.Context, c.String("id"), c.String("datacenter")); err != nil {
				return err
			}
			fmt.Fprintln(s.stdout, "Success")
			return nil
		}),
	}
}
