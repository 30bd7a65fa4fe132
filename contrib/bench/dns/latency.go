//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sampleRate is how many questions a second the sampler adds to dnsperf's load.
const sampleRate = 1000

// sample asks a server at a low, steady rate and returns how long each answer
// took. The end of a trip is the kernel's stamp of the datagram's arrival, so
// that the wait for a turn on the crowded load core is not charged to the
// server, as it is in dnsperf's own figures. Every question has an id of its own
// among those under way; one that is not answered is not in the list.
func sample(ctx context.Context, addr string, lines []string, period time.Duration) ([]time.Duration, error) {
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	raw, err := conn.(*net.UDPConn).SyscallConn()
	if err != nil {
		return nil, err
	}
	var setErr error
	err = raw.Control(func(fd uintptr) {
		setErr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	if err = errors.Join(err, setErr); err != nil {
		return nil, fmt.Errorf("kernel time stamps: %w", err)
	}
	queries, err := packAll(lines)
	if err != nil {
		return nil, err
	}
	sent := make(chan []time.Time, 1)
	go func() { sent <- sendSamples(ctx, conn, queries, period) }()
	arrived, err := receiveSamples(conn.(*net.UDPConn), time.Now().Add(period+time.Second))
	if err != nil {
		return nil, err
	}
	return trips(<-sent, arrived), nil
}

// ids is how many ids a DNS message can have.
const ids = 1 << 16

// packAll packs as many questions as there are ids, one for each.
func packAll(lines []string) ([][]byte, error) {
	queries := make([][]byte, ids)
	for id := range queries {
		name, qtype, _ := strings.Cut(lines[id%len(lines)], " ")
		q, err := pack(uint16(id), name, qtype)
		if err != nil {
			return nil, err
		}
		queries[id] = q
	}
	return queries, nil
}

// sendSamples sends questions until the period or the ids are over, and returns when each id left.
func sendSamples(ctx context.Context, conn net.Conn, queries [][]byte, period time.Duration) []time.Time {
	sent := make([]time.Time, ids)
	pace := time.NewTicker(time.Second / sampleRate)
	defer pace.Stop()
	end := time.Now().Add(period)
	for id, query := range queries {
		select {
		case <-ctx.Done():
			return sent
		case now := <-pace.C:
			if now.After(end) {
				return sent
			}
		}
		at := time.Now()
		if _, err := conn.Write(query); err == nil {
			sent[id] = at // a question that could not be sent has no trip
		}
	}
	return sent
}

// receiveSamples returns when the answer to each id arrived.
func receiveSamples(conn *net.UDPConn, end time.Time) ([]time.Time, error) {
	arrived := make([]time.Time, ids)
	if err := conn.SetReadDeadline(end); err != nil {
		return nil, err
	}
	data, control := make([]byte, 4096), make([]byte, 128)
	for {
		n, oobn, _, _, err := conn.ReadMsgUDP(data, control)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return arrived, nil
		}
		if err != nil {
			return nil, err
		}
		at, err := stamp(control[:oobn])
		if err != nil {
			return nil, err
		}
		if n >= 2 {
			arrived[binary.BigEndian.Uint16(data)] = at
		}
	}
}

// stamp finds the kernel's time of arrival among control messages.
func stamp(control []byte) (time.Time, error) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return time.Time{}, err
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			// A struct timespec of a 64-bit system: seconds, nanoseconds.
			sec, nsec := binary.NativeEndian.Uint64(m.Data), binary.NativeEndian.Uint64(m.Data[8:])
			return time.Unix(int64(sec), int64(nsec)), nil
		}
	}
	return time.Time{}, errors.New("a datagram came without the kernel's time stamp")
}

// trips returns the sorted durations of the questions that were answered.
func trips(sent, arrived []time.Time) []time.Duration {
	var all []time.Duration
	for id := range sent {
		if !sent[id].IsZero() && !arrived[id].IsZero() {
			// Both are wall clock: the kernel knows no other here.
			all = append(all, arrived[id].Sub(sent[id].Round(0)))
		}
	}
	slices.Sort(all)
	return all
}
