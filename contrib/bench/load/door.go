package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// door is one connection to the agent's HTTP API. It does less than net/http's
// client and so leaves more of the machine to the agent.
type door struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
}

// patience bounds one request: whoever is slower than this has failed.
const patience = time.Minute

func openDoor(addr string) (*door, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &door{conn: conn, in: bufio.NewReader(conn)}, nil
}

func (d *door) close() { d.conn.Close() }

// put sends v as JSON; any status but 200 is an error.
func (d *door) put(path string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d.out.Reset()
	fmt.Fprintf(&d.out, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		path, d.conn.RemoteAddr(), len(body))
	d.out.Write(body)
	if err := d.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := d.conn.Write(d.out.Bytes()); err != nil {
		return err
	}
	res, err := http.ReadResponse(d.in, nil)
	if err != nil {
		return fmt.Errorf("answer to PUT %s: %w", path, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("answer to PUT %s: %w", path, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("PUT %s: %s: %.200s", path, res.Status, text)
	}
	return nil
}

// each runs n workers and returns how much they did, and why they did not do more.
func each(n int, work func(worker int) (int, error)) (int, error) {
	done, errs := make([]int, n), make([]error, n)
	var all sync.WaitGroup
	for w := range n {
		all.Go(func() { done[w], errs[w] = work(w) })
	}
	all.Wait()
	total := 0
	for _, d := range done {
		total += d
	}
	return total, errors.Join(errs...)
}
