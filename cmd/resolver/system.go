package resolver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"time"

	"muster/probes/child"
)

const (
	runLimit    = 30 * time.Second // of a checker or a reload
	outputLimit = 16 << 10         // of what they say
)

// Run runs a program of this machine: it is a Runner.
func Run(ctx context.Context, args ...string) (string, int, error) {
	path, err := exec.LookPath(args[0])
	if errors.Is(err, exec.ErrNotFound) {
		path, err = exec.LookPath("/usr/sbin/" + args[0]) // which is not in the path of everybody
	}
	if err != nil {
		return "", 0, fmt.Errorf("%s %w", args[0], ErrNoProgram)
	}
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	out := &child.Tail{Keep: outputLimit}
	end, err := child.Run(ctx, child.Command{Args: append([]string{path}, args[1:]...), Stdout: out, Stderr: out})
	return out.String(), end.Code(), err
}

// Lookup looks a name up as programs do: by getaddrinfo, which getent asks, or where there is no
// getent by the resolver of Go, which reads resolv.conf alone.
func Lookup(ctx context.Context, name string) (addrs []netip.Addr, how string, err error) {
	const notFound = 2 // getent(1)
	path, err := exec.LookPath("getent")
	if err != nil {
		addrs, err = lookupByGo(ctx, name)
		return addrs, "resolv.conf", err
	}
	how = "getaddrinfo"
	var out, errs bytes.Buffer
	end, err := child.Run(ctx, child.Command{Args: []string{path, "ahosts", name}, Stdout: &out, Stderr: &errs})
	switch {
	case err != nil:
		return nil, how, err
	case end.Code() == notFound:
		return nil, how, nil
	case end.Code() != 0:
		return nil, how, fmt.Errorf("getent: exit code %d: %s", end.Code(), strings.TrimSpace(errs.String()))
	}
	for line := range strings.Lines(out.String()) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if a, err := netip.ParseAddr(f[0]); err == nil && !slices.Contains(addrs, a.Unmap()) {
			addrs = append(addrs, a.Unmap())
		}
	}
	return addrs, how, nil
}

func lookupByGo(ctx context.Context, name string) ([]netip.Addr, error) {
	r := &net.Resolver{PreferGo: true}
	addrs, err := r.LookupNetIP(ctx, "ip", name+".")
	if failed, ok := errors.AsType[*net.DNSError](err); ok && failed.IsNotFound {
		return nil, nil
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	return addrs, err
}
