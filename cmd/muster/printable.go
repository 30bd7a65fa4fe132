package main

import "muster/cmd/terminal"

// printable blanks out what could command a terminal, in text that came from anywhere. Lines stay lines.
func printable(text string) string { return terminal.Printable(text) }
