//go:build linux

package main

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const dnsperfOutput = `DNS Performance Testing Tool
Version 2.10.0

[Status] Testing complete (time limit)

Statistics:

  Queries sent:         983685
  Queries completed:    982941 (99.92%)
  Queries lost:         744 (0.08%)

  Response codes:       NOERROR 982000 (99.90%), NXDOMAIN 941 (0.10%)
  Average packet size:  request 53, response 101
  Run time (s):         3.000169
  Queries per second:   327628.543592

  Average Latency (s):  0.000222 (min 0.000019, max 0.004612)
`

func TestParseDnsperf(t *testing.T) {
	got, err := parseDnsperf(dnsperfOutput)
	if err != nil {
		t.Fatal(err)
	}
	if got.sent != 983685 || got.completed != 982941 || got.lost != 744 || got.bytes != 101 || got.qps != 327628.543592 {
		t.Errorf("got %+v", got)
	}
	if got.rcodes["NOERROR"] != 982000 || got.rcodes["NXDOMAIN"] != 941 {
		t.Errorf("response codes %v", got.rcodes)
	}
	for _, bad := range []string{"", "Queries completed: many", "Queries completed: 0 (0%)\nQueries per second: 0.0"} {
		if _, err := parseDnsperf(bad); err == nil {
			t.Errorf("%q passes for a result", bad)
		}
	}
}

func TestParseStat(t *testing.T) {
	line := "27660 (a ) name) S 1 27000 27660 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 9 0 100 1 2"
	group, used, err := parseStat(line)
	if err != nil || group != 27000 || used != 1750*time.Millisecond {
		t.Errorf("group %d, used %s, %v", group, used, err)
	}
	for _, bad := range []string{"", "1 (x) S 1", "1 (x) S 1 2 3 4 5 6 7 8 9 10 much 12 13"} {
		if _, _, err := parseStat(bad); err == nil {
			t.Errorf("%q passes for a stat line", bad)
		}
	}
}

func TestGroupCPU(t *testing.T) {
	own := syscall.Getpgrp()
	if _, err := groupCPU(own); err != nil {
		t.Errorf("own group %d: %v", own, err)
	}
	if _, err := groupCPU(os.Getpid() + 1<<24); err == nil {
		t.Error("a group that cannot exist has used CPU time")
	}
}

func TestStamp(t *testing.T) {
	control := make([]byte, unix.CmsgSpace(16))
	binary.NativeEndian.PutUint64(control, uint64(unix.CmsgLen(16)))
	binary.NativeEndian.PutUint32(control[8:], unix.SOL_SOCKET)
	binary.NativeEndian.PutUint32(control[12:], unix.SCM_TIMESTAMPNS)
	binary.NativeEndian.PutUint64(control[16:], 1700000000)
	binary.NativeEndian.PutUint64(control[24:], 123456789)
	at, err := stamp(control)
	if err != nil || !at.Equal(time.Unix(1700000000, 123456789)) {
		t.Errorf("%s, %v", at, err)
	}
	if _, err := stamp(nil); err == nil {
		t.Error("a datagram without a stamp has one")
	}
}

func TestListening(t *testing.T) {
	log := "INF listening protocol=dns addr=127.0.0.1:43175\nINF listening protocol=http addr=127.0.0.1:396"
	if dns, http := listening(log, "dns"), listening(log, "http"); dns != 43175 || http != 0 {
		t.Errorf("dns %d, http %d of a log that is half written", dns, http)
	}
	if http := listening(log+"09\n", "http"); http != 39609 {
		t.Errorf("http %d", http)
	}
}
