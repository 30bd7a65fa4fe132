package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// pidFile tells others which process the agent is. An empty path is no file.
type pidFile string

// write puts this process's id into the file, in place of whatever a process
// that was killed left there.
func (f pidFile) write() error {
	if f == "" {
		return nil
	}
	if err := os.WriteFile(string(f), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return fmt.Errorf("write pid file: %w", err)
	}
	return nil
}

// remove takes the file away unless another process has put itself there since.
func (f pidFile) remove() error {
	if f == "" {
		return nil
	}
	text, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && strings.TrimSpace(string(text)) == strconv.Itoa(os.Getpid()) {
		err = os.Remove(string(f))
	}
	if err != nil {
		return fmt.Errorf("remove pid file: %w", err)
	}
	return nil
}
