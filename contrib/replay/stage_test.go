//go:build linux

package replay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"muster/contrib/cluster/fleet"
)

// numbers are the hosts of the cluster, by the last number of their addresses on the pages, 10.0.0.N.
var numbers = map[string]int{"server1": 1, "server2": 2, "server3": 3, "server4": 4, "web1": 11}

// stage is what the blocks of a page with one setting are run on.
type stage struct {
	t     *testing.T
	dir   string
	first string // whose a prompt without a name is
	hosts map[string]*host
	end   []func() // ends what commands left running
}

// host is a machine of the pages: on this one a directory and two addresses, with the usual ports.
// bind is what the pages call 10.0.0.N, client what is 127.0.0.1 there.
type host struct {
	name, dir, bind, client string
	flags                   []string
	agent                   *exec.Cmd // nil while none runs
	in, out                 *strings.Replacer
}

func newStage(t *testing.T, setting, muster, config string) *stage {
	t.Helper()
	s := &stage{t: t, dir: t.TempDir(), hosts: map[string]*host{}}
	t.Cleanup(s.close)
	a, b := 20+rand.IntN(200), 2*rand.IntN(127)
	switch setting {
	case "cluster":
		s.first = "server1"
		for name, n := range numbers {
			h := &host{name: name, bind: fmt.Sprintf("127.%d.%d.%d", a, b, n), client: fmt.Sprintf("127.%d.%d.%d", a, b+1, n)}
			if name != "web1" {
				h.flags = []string{"-server", "-bootstrap-expect", "3"}
			}
			s.hosts[name] = h
		}
	case "dev":
		s.first = "vm"
		s.hosts["vm"] = &host{name: "vm", bind: fmt.Sprintf("127.%d.%d.1", a, b), client: fmt.Sprintf("127.%d.%d.1", a, b), flags: []string{"-dev"}}
	case "shell":
		s.first = "vm"
		s.hosts["vm"] = &host{name: "vm", client: "127.0.0.1"}
	}
	must(t, os.MkdirAll(filepath.Join(s.dir, "bin"), 0o700), os.MkdirAll(filepath.Join(s.dir, "work"), 0o700),
		os.Symlink(muster, filepath.Join(s.dir, "bin/muster")),
		os.WriteFile(filepath.Join(s.dir, ".curlrc"), []byte("no-progress-meter\n"), 0o600)) // as on a terminal
	for _, h := range s.hosts {
		h.dir = filepath.Join(s.dir, h.name)
		h.translate(s.hosts)
		must(t, os.MkdirAll(h.dir+"/var/lib", 0o700))
		s.write(h, "/etc/muster.d/muster.json", config)
	}
	s.begin(setting)
	return s
}

// begin starts what runs before the first block, and waits until it works.
func (s *stage) begin(setting string) {
	s.t.Helper()
	switch setting {
	case "dev":
		files, err := filepath.Glob(filepath.Join(top, "contrib/example/*.json"))
		must(s.t, err)
		for _, f := range files {
			text, err := os.ReadFile(f)
			must(s.t, err)
			s.write(s.hosts["vm"], "/etc/muster.d/"+filepath.Base(f), string(text))
		}
		s.step("start vm")
		s.step("$ muster kv put ready && muster kv delete ready")
	case "cluster":
		for _, name := range []string{"server1", "server2", "server3", "web1"} {
			s.step("start " + name)
		}
		s.step("$ muster operator autopilot health && [ $(muster members | grep -c alive) = 4 ]")
		s.step("web1$ muster kv get -keys")
	}
}

// translate makes what turns the words of a page into those of this machine, and back.
func (h *host) translate(all map[string]*host) {
	pairs := [][2]string{{"/etc/muster.d", h.dir + "/etc/muster.d"}, {"/var/lib/muster", h.dir + "/var/lib/muster"}}
	if len(all) > 1 {
		for name, n := range numbers {
			pairs = append(pairs, [2]string{fmt.Sprintf("10.0.0.%d", n), all[name].bind})
		}
		slices.SortFunc(pairs[2:], func(a, b [2]string) int { return len(b[0]) - len(a[0]) }) // 10.0.0.11 before 10.0.0.1
	}
	pairs = append(pairs, [2]string{"127.0.0.1", h.client})
	var in, out []string
	for _, p := range pairs {
		in, out = append(in, p[0], p[1]), append(out, p[1], p[0])
	}
	h.in, h.out = strings.NewReplacer(in...), strings.NewReplacer(out...)
}

// write makes a file of a host. One without a leading slash is where commands run.
func (s *stage) write(h *host, path, text string) {
	s.t.Helper()
	path = h.in.Replace(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.dir, "work", path)
	} else if !strings.HasPrefix(path, s.dir) {
		s.t.Fatalf("%s is no path of a host", path)
	}
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(h.in.Replace(text)), 0o600))
}

// step does a line of a comment.
func (s *stage) step(line string) {
	s.t.Helper()
	if c, err := commands([]string{line}); err == nil {
		must(s.t, fleet.Await(s.t.Context(), func(context.Context) error {
			out, err := s.run(c[0])
			if err != nil {
				err = fmt.Errorf("%s: %w: %s", line, err, out)
			}
			return err
		}))
		return
	}
	verb, rest, _ := strings.Cut(line, " ")
	name, flags, _ := strings.Cut(rest, " ")
	h := s.hosts[name]
	switch {
	case line == "end":
		for _, end := range s.end {
			end()
		}
		s.end = nil
	case h == nil:
		s.t.Fatalf("%q is no step", line)
	case verb == "start":
		must(s.t, h.start(filepath.Join(s.dir, "bin/muster"), strings.Fields(h.in.Replace(flags))))
	case verb == "stop":
		must(s.t, h.stop(syscall.SIGTERM))
	case verb == "kill":
		must(s.t, h.stop(syscall.SIGKILL))
	case verb == "wipe":
		must(s.t, os.RemoveAll(h.dir+"/var/lib/muster"))
	default:
		s.t.Fatalf("%q is no step", line)
	}
}

// start runs the agent of a host as the pages say, but at its addresses.
func (h *host) start(muster string, flags []string) error {
	log, err := os.OpenFile(h.dir+"/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own descriptor
	args := slices.Concat([]string{"agent", "-config-dir", h.dir + "/etc/muster.d", "-node", h.name, "-bind", h.bind, "-client", h.client}, h.flags, flags)
	h.agent = exec.Command(muster, args...)
	h.agent.Stdout, h.agent.Stderr = log, log
	h.agent.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return h.agent.Start()
}

// stop ends the agent of a host, if one runs, or waits until it has ended by itself.
func (h *host) stop(sig syscall.Signal) error {
	if h.agent == nil {
		return nil
	}
	if err := h.agent.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	_ = h.agent.Wait() // that it was killed is no news
	h.agent = nil
	return nil
}

// run has a shell run a command of a page and returns what it printed, in the page's words.
func (s *stage) run(c command) (string, error) {
	s.t.Helper()
	h := s.hosts[c.host]
	if c.host == "" {
		h = s.hosts[s.first]
	}
	if h == nil {
		s.t.Fatalf("%s$ is nobody's prompt", c.host)
	}
	out, err := os.CreateTemp(s.dir, "out")
	must(s.t, err)
	defer out.Close()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	text := h.in.Replace(c.text)
	if strings.HasPrefix(text, "curl -N") { // it does not end by itself
		text = "timeout 2 " + text
	}
	cmd := exec.CommandContext(ctx, "bash", "-c", text)
	cmd.Stdout, cmd.Stderr = out, out // a file: what stays in the background holds up nobody
	cmd.Dir = filepath.Join(s.dir, "work")
	if strings.HasPrefix(text, "go ") {
		cmd.Dir = top
	}
	cmd.Env = append(os.Environ(), "LC_ALL=C", "CURL_HOME="+s.dir, "MUSTER_HTTP_ADDR="+h.client+":8500", "PATH="+s.dir+"/bin:"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	if strings.HasSuffix(text, "&") {
		s.end = append(s.end, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // all may be gone by then
	}
	err = cmd.Wait()
	printed, readErr := os.ReadFile(out.Name())
	must(s.t, readErr)
	return h.out.Replace(string(printed)), err
}

func (s *stage) close() {
	for _, end := range s.end {
		end()
	}
	for _, h := range s.hosts {
		if err := h.stop(syscall.SIGKILL); err != nil {
			s.t.Error(err)
		}
		if log, err := os.ReadFile(h.dir + "/log"); err == nil && s.t.Failed() {
			s.t.Logf("log of %s, its end:\n%s", h.name, log[max(0, len(log)-1000):])
		}
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
