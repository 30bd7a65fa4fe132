package archive

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// kept is a snapshot of a keeper's making, as its name tells of it.
type kept struct {
	index uint64
	at    time.Time // in UTC, whole seconds
}

const keptTime = "20060102T150405Z"

var keptName = regexp.MustCompile(`^muster-(0|[1-9][0-9]*)-([0-9]{8}T[0-9]{6}Z)\.snap$`)

func (f kept) name() string {
	return fmt.Sprintf("muster-%d-%s.snap", f.index, f.at.Format(keptTime))
}

func (f kept) compare(o kept) int {
	return cmp.Or(f.at.Compare(o.at), cmp.Compare(f.index, o.index))
}

// parseKept reads a name; false when no keeper gave it.
func parseKept(name string) (kept, bool) {
	parts := keptName.FindStringSubmatch(name)
	if parts == nil {
		return kept{}, false
	}
	index, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil {
		return kept{}, false
	}
	at, err := time.Parse(keptTime, parts[2])
	return kept{index: index, at: at}, err == nil
}

// listKept returns the snapshots of a directory, the oldest first.
func listKept(dir string) ([]kept, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []kept
	for _, e := range entries {
		if f, ok := parseKept(e.Name()); ok && e.Type().IsRegular() {
			files = append(files, f)
		}
	}
	slices.SortFunc(files, kept.compare)
	return files, nil
}

// Newest tells the index and the time of the newest snapshot that a keeper made in a directory; the zero time when there is none.
func Newest(dir string) (index uint64, made time.Time, err error) {
	newest, err := newestIn(dir)
	if err != nil || newest == nil {
		return 0, time.Time{}, err
	}
	return newest.index, newest.at, nil
}

// newestIn returns the newest snapshot of a directory, nil when there is none.
func newestIn(dir string) (*kept, error) {
	files, err := listKept(dir)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return &files[len(files)-1], nil
}
