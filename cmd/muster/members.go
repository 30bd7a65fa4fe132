package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"muster/catalog/httpapi"
)

func (s *shell) membersCommand() *cli.Command {
	return &cli.Command{
		Name:  "members",
		Usage: "list the members of the cluster",
		Flags: agentFlags(
			switchFlag("wan", "list the servers of all datacenters"),
			&cli.StringFlag{Name: "status", Value: ".*", Usage: "list members whose status matches `REGEXP`: alive, leaving, left, failed"},
			switchFlag("detailed", "print every tag"),
			segmentFlag(), filterFlag(),
			formatFlag(),
		),
		Action: s.members,
	}
}

func (s *shell) members(c *cli.Context) error {
	if err := arguments(c, 0, 0); err != nil {
		return err
	}
	status, err := regexp.Compile("^(?:" + c.String("status") + ")$")
	if err != nil {
		return usagef(c, "-status: %v", err)
	}
	agent, err := s.agent(c)
	if err != nil {
		return err
	}
	members, err := agent.Members(c.Context, c.Bool("wan"), c.String("filter"))
	if err != nil {
		return err
	}
	members = slices.DeleteFunc(members, func(m httpapi.AgentMember) bool { return !status.MatchString(statusName(m.Status)) })
	if len(members) == 0 {
		return fmt.Errorf("no member matches -status %q and the filter", c.String("status"))
	}
	slices.SortFunc(members, func(a, b httpapi.AgentMember) int { return cmp.Compare(a.Name, b.Name) })
	return s.show(c, members, func(w io.Writer) {
		if c.Bool("detailed") {
			table(w, memberTags(members))
		} else {
			table(w, memberColumns(members))
		}
	})
}

// segmentFlag is of Consul's enterprise edition; here is one segment, so only what names all is taken.
func segmentFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "segment", Value: "_all", Usage: "accepted for Consul's sake: `_all`", Hidden: true,
		Action: func(c *cli.Context, segment string) error {
			if segment != "" && segment != "_all" {
				return usagef(c, "-segment %q: there are no segments", segment)
			}
			return nil
		},
	}
}

func memberColumns(members []httpapi.AgentMember) [][]string {
	rows := [][]string{{"Node", "Address", "Status", "Type", "Build", "Protocol", "DC"}}
	for _, m := range members {
		build, _, _ := strings.Cut(m.Tags["build"], ":") // a revision may follow
		rows = append(rows, []string{m.Name, memberAddress(m), statusName(m.Status), memberType(m.Tags["role"]), build, m.Tags["vsn"], m.Tags["dc"]})
	}
	return rows
}

func memberTags(members []httpapi.AgentMember) [][]string {
	rows := [][]string{{"Node", "Address", "Status", "Tags"}}
	for _, m := range members {
		var tags []string
		for _, name := range slices.Sorted(maps.Keys(m.Tags)) {
			tags = append(tags, name+"="+m.Tags[name])
		}
		rows = append(rows, []string{m.Name, memberAddress(m), statusName(m.Status), strings.Join(tags, ",")})
	}
	return rows
}

func memberAddress(m httpapi.AgentMember) string {
	return net.JoinHostPort(m.Addr, strconv.Itoa(int(m.Port)))
}

// memberType names a role as Consul's clients know it: servers carry the role "consul".
func memberType(role string) string {
	switch role {
	case "consul":
		return "server"
	case "node":
		return "client"
	}
	return "unknown"
}

func statusName(status int) string { return httpapi.MemberStatus(status).String() }
