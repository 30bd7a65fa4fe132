package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"muster/catalog/archive"
)

func (s *shell) snapshotInspectCommand() *cli.Command {
	return &cli.Command{
		Name:      "inspect",
		Usage:     "print what a snapshot is and what it consists of, without an agent",
		ArgsUsage: "FILE",
		Flags: []cli.Flag{
			switchFlag("kvdetails", "print what the keys take, by their first path elements"),
			&cli.IntFlag{Name: "kvdepth", Value: 2, Usage: "with -kvdetails: tell keys apart by their first `N` path elements"},
			&cli.StringFlag{Name: "kvfilter", Usage: "with -kvdetails: only keys that begin with `PREFIX`"},
			formatFlag(),
		},
		Action: s.snapshotInspect,
	}
}

// inspection is what snapshot inspect finds. As JSON it has the names that Consul gives them, and more.
type inspection struct {
	Meta        inspectedMeta
	Stats       []inspectedRows
	StatsKV     []inspectedRows `json:",omitempty"`
	TotalSize   int64
	TotalSizeKV int64 `json:",omitempty"`
}

type inspectedMeta struct {
	ID         string
	Size       int64 // of the state, unpacked
	FileSize   int64
	Index      uint64
	Term       uint64
	Version    int // of the format
	Created    time.Time
	Datacenter string
	Node       string
	Build      string
}

// inspectedRows are rows that have something in common.
type inspectedRows struct {
	Name  string
	Count int
	Size  int64
}

func (s *shell) snapshotInspect(c *cli.Context) error {
	if err := arguments(c, 1, 1, "FILE"); err != nil {
		return err
	}
	for _, flag := range []string{"kvdepth", "kvfilter"} {
		if c.IsSet(flag) && !c.Bool("kvdetails") {
			return usagef(c, "-%s needs -kvdetails", flag)
		}
	}
	if c.Int("kvdepth") < 1 {
		return usagef(c, "-kvdepth %d is less than 1", c.Int("kvdepth"))
	}
	ctx, stop := interruptible(c)
	defer stop()
	f, err := openSnapshot(c.Args().First())
	if err != nil {
		return err
	}
	defer f.Close()
	groups := archive.KeyGroups{Prefix: c.String("kvfilter")}
	if c.Bool("kvdetails") {
		groups.Depth = c.Int("kvdepth")
	}
	p := s.progress("Reading", f.size)
	i, err := archive.Inspect(f.reader(ctx, p), groups)
	p.end()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	found := inspection{Meta: metaOf(i.Meta, f.size)}
	found.Stats, found.TotalSize = rowsOf(i.Kinds)
	found.StatsKV, found.TotalSizeKV = rowsOf(i.Keys)
	return s.show(c, found, func(w io.Writer) { found.print(w, c.Bool("kvdetails")) })
}

func metaOf(m archive.Meta, fileSize int64) inspectedMeta {
	return inspectedMeta{
		ID:   fmt.Sprintf("%d-%d-%d", m.Term, m.Index, m.Created.UnixMilli()),
		Size: m.StateBytes, FileSize: fileSize, Index: m.Index, Term: m.Term, Version: m.Version,
		Created: m.Created, Datacenter: m.Datacenter, Node: m.Node, Build: m.Build,
	}
}

func rowsOf(list []archive.Rows) (out []inspectedRows, total int64) {
	out = make([]inspectedRows, len(list))
	for i, rows := range list {
		out[i] = inspectedRows{Name: rows.Name, Count: rows.Count, Size: rows.Bytes}
		total += rows.Bytes
	}
	return out, total
}

func (i inspection) print(w io.Writer, details bool) {
	m := i.Meta
	table(w, [][]string{
		{"ID", m.ID}, {"Size", size(m.Size)}, {"File", size(m.FileSize)}, {"Index", strconv.FormatUint(m.Index, 10)},
		{"Term", strconv.FormatUint(m.Term, 10)}, {"Version", strconv.Itoa(m.Version)}, {"Created", m.Created.Format(time.RFC3339)},
		{"Datacenter", printable(m.Datacenter)}, {"Node", printable(m.Node)}, {"Build", printable(m.Build)},
	})
	printRows(w, "Type", i.Stats, i.TotalSize)
	if details {
		printRows(w, "Key", i.StatsKV, i.TotalSizeKV)
	}
}

func printRows(w io.Writer, title string, list []inspectedRows, total int64) {
	rows := [][]string{{title, "Count", "Size"}, {"----", "----", "----"}}
	for _, r := range list {
		rows = append(rows, []string{strings.ReplaceAll(printable(r.Name), "\n", " "), strconv.Itoa(r.Count), size(r.Size)})
	}
	fmt.Fprintln(w)
	table(w, append(rows, []string{"----", "----", "----"}, []string{"Total", "", size(total)}))
}
