//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// describeMachine says on what the figures were taken, on one line.
func describeMachine(o options) string {
	model, cpus := cpuModel()
	return fmt.Sprintf("machine: %d x %s, %s, %s; servers on CPU %s, load on CPU %s; %s, %s, %s, dnsperf %s; %d rounds of %s; load average %s",
		cpus, model, kernel(), runtime.Version(), o.core, ownCPUs(cpus),
		version(o.muster, "version"), version("knotd", "-V"), version("nsd", "-v"), version("dnsperf", "-H"),
		o.rounds, o.period, loadAverage())
}

// version returns the line in which a program tells its version. Some tell it
// among other things, and end with an error.
func version(program string, args ...string) string {
	out, _ := exec.Command(program, args...).CombinedOutput()
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		if strings.Contains(strings.ToLower(text), "version ") || strings.HasPrefix(text, "muster ") {
			return text
		}
	}
	return program + " of unknown version"
}

// cpuModel returns what the processors are called, and how many there are.
func cpuModel() (model string, n int) {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH, runtime.NumCPU()
	}
	model = runtime.GOARCH
	for line := range strings.Lines(string(data)) {
		label, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(label) {
		case "model name":
			model = strings.TrimSpace(value)
		case "processor":
			n++
		}
	}
	return model, n
}

// loadAverage tells whether others are at work on the machine.
func loadAverage() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(data))[:3], " ")
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// ownCPUs lists the CPUs that this program, and so the load, may run on.
func ownCPUs(n int) string {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return "unknown"
	}
	var cpus []string
	for c := range n {
		if set.IsSet(c) {
			cpus = append(cpus, strconv.Itoa(c))
		}
	}
	return strings.Join(cpus, ",")
}
