package probes

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"muster/catalog"
)

// serveBus returns the path of a socket at which serve meets each client.
func serveBus(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return path
}

// systemd is a bus with a manager that knows units by load, active and sub state.
func systemd(units map[string]unitState) func(net.Conn) {
	return func(c net.Conn) {
		in := bufio.NewReader(c)
		for _, reply := range []string{"REJECTED EXTERNAL\r\n", "OK 0123456789abcdef\r\n", ""} { // to AUTH, AUTH EXTERNAL, BEGIN
			if _, err := in.ReadString('\n'); err != nil {
				return
			}
			io.WriteString(c, reply)
		}
		for {
			m, err := dbus.DecodeMessage(in)
			if err != nil {
				return
			}
			answerCall(units, m).EncodeTo(c, binary.LittleEndian)
		}
	}
}

func answerCall(units map[string]unitState, m *dbus.Message) *dbus.Message {
	reply := func(kind dbus.Type, body any) *dbus.Message {
		return &dbus.Message{Type: kind, Body: []any{body}, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(m.Serial()), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body)),
		}}
	}
	path, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	switch m.Headers[dbus.FieldMember].Value() {
	case "Hello":
		return reply(dbus.TypeMethodReply, ":1.1")
	case "LoadUnit":
		for name := range units {
			if m.Body[0] == name {
				return reply(dbus.TypeMethodReply, dbus.ObjectPath("/unit/"+strings.ReplaceAll(name, ".", "_")))
			}
		}
		e := reply(dbus.TypeError, "the manager is out of order")
		e.Headers[dbus.FieldErrorName] = dbus.MakeVariant("org.example.Broken")
		return e
	}
	for name, s := range units {
		if string(path) == "/unit/"+strings.ReplaceAll(name, ".", "_") {
			value := map[any]any{"LoadState": s.load, "ActiveState": s.active, "SubState": s.sub}[m.Body[1]]
			if s.active == "" {
				value = uint32(7) // no string
			}
			return reply(dbus.TypeMethodReply, dbus.MakeVariant(value))
		}
	}
	return reply(dbus.TypeMethodReply, "?")
}

func TestOSService(t *testing.T) {
	good := serveBus(t, systemd(map[string]unitState{
		"nginx.service": {"loaded", "active", "running"},
		"b.service":     {"loaded", "activating", "start-pre"},
		"c.socket":      {"loaded", "reloading", "reload"},
		"d.service":     {"loaded", "failed", "failed"},
		"e.service":     {"not-found", "inactive", "dead"},
		"f.service":     {"loaded", "", ""},
	}))
	for _, c := range []struct {
		name, bus, unit string
		timeout         time.Duration
		status          catalog.Status
		want            string
	}{
		{"active", good, "nginx", long, catalog.Passing, "unit nginx.service: active (running)"},
		{"with its suffix", good, "nginx.service", long, catalog.Passing, "active"},
		{"on its way", good, "b", long, catalog.Warning, "activating (start-pre)"},
		{"no service", good, "c.socket", long, catalog.Warning, "unit c.socket: reloading"},
		{"failed", good, "d", long, catalog.Critical, "failed (failed)"},
		{"unknown to systemd", good, "e", long, catalog.Critical, "inactive (not-found)"},
		{"a state that is none", good, "f", long, catalog.Critical, "LoadState"},
		{"an error", good, "none", long, catalog.Critical, "systemd: the manager is out of order"},
		{"no bus", filepath.Join(t.TempDir(), "none"), "nginx", long, catalog.Critical, "os_service checks need systemd and its D-Bus"},
		{"a bus that is silent", serveBus(t, func(c net.Conn) { io.Copy(io.Discard, c) }), "nginx", soon, catalog.Critical, "no answer within 200ms"},
		{"a manager that is silent", serveBus(t, func(c net.Conn) {
			io.WriteString(c, "REJECTED EXTERNAL\r\nOK 0123\r\n")
			io.Copy(io.Discard, c)
		}), "nginx", soon, catalog.Critical, "no answer within 200ms"},
		{"a bus that hangs up", serveBus(t, func(net.Conn) {}), "nginx", long, catalog.Critical, "D-Bus"},
		{"a bus that lets nobody in", serveBus(t, answersUnix("REJECTED OTHER\r\n")), "nginx", long, catalog.Critical, "authentication failed"},
		{"no bus at all", serveBus(t, answersUnix("HTTP/1.1 200 OK\r\n\r\n")), "nginx", long, catalog.Critical, "D-Bus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := lookOnce(t, sharesNothing(probeOSService(c.bus)), catalog.CheckDefinition{OSService: c.unit}, c.timeout)
			if res.Status != c.status || !strings.Contains(res.Output, c.want) {
				t.Errorf("got %s %q, want %s, saying %q", res.Status, res.Output, c.status, c.want)
			}
		})
	}
}

// answersUnix reads what there is and writes text, until the client leaves.
func answersUnix(text string) func(net.Conn) {
	return func(c net.Conn) {
		c.Read(make([]byte, 64))
		io.WriteString(c, text)
		io.Copy(io.Discard, c)
	}
}

// TestOSServiceOfARealBus has D-Bus but no systemd.
func TestOSServiceOfARealBus(t *testing.T) {
	daemon, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("NO dbus-daemon(1) HERE: the real D-Bus is not tested")
	}
	dir := t.TempDir()
	config, socket := filepath.Join(dir, "conf"), filepath.Join(dir, "bus")
	text := `<busconfig><listen>unix:path=` + socket + `</listen><auth>EXTERNAL</auth>
		<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>`
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(daemon, "--config-file="+config, "--nofork", "--nopidfile")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	eventually(t, "the bus is up", func() bool {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	res := lookOnce(t, sharesNothing(probeOSService(socket)), catalog.CheckDefinition{OSService: "x"}, long)
	if res.Status != catalog.Critical || !strings.Contains(res.Output, "systemd: ") || !strings.Contains(res.Output, "org.freedesktop.systemd1") {
		t.Errorf("got %s %q", res.Status, res.Output)
	}
}
