//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc; Linux has shown 100 a second to programs for decades.
const tick = time.Second / 100

// groupCPU returns the CPU time, user and system, that the living processes of a
// group have used in all their threads.
func groupCPU(pgid int) (time.Duration, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	found := false
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		group, used, err := parseStat(string(data))
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		if group == pgid {
			sum += used
			found = true
		}
	}
	if !found {
		return 0, fmt.Errorf("process group %d has ended", pgid)
	}
	return sum, nil
}

// parseStat reads the process group and the CPU time from a line of /proc/PID/stat (proc(5)).
func parseStat(line string) (pgid int, used time.Duration, err error) {
	// The command's name stands in parentheses and may hold anything.
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	const pgrp, utime, stime = 5 - 3, 14 - 3, 15 - 3 // proc(5) counts from 1, and the first two are cut off
	if len(fields) <= stime {
		return 0, 0, fmt.Errorf("%d fields are too few", len(fields))
	}
	var values [3]int
	for i, at := range []int{pgrp, utime, stime} {
		if values[i], err = strconv.Atoi(fields[at]); err != nil {
			return 0, 0, err
		}
	}
	return values[0], time.Duration(values[1]+values[2]) * tick, nil
}
