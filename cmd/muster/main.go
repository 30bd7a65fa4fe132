// Command muster is a service discovery daemon with DNS in front, and the tool
// that talks to it. It behaves the same under any name it is installed as.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
