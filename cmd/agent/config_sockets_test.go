package agent

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"
)

func TestSocketModes(t *testing.T) {
	for text, want := range map[string]struct {
		mode  fs.FileMode // 0: refused
		warns bool
	}{
		"0600": {0o600, false}, "660": {0o660, false}, "0777": {0o777, true}, "0606": {0o606, true}, "": {0o600, false},
		"0440": {}, "0060": {}, "1777": {}, "0888": {}, "-1": {}, "rw-rw----": {},
	} {
		b := newBuilder(LoadOptions{})
		b.decode("f", fileWith(t, "unix_sockets.mode", text))
		merge(&b.merged, b.sources[0].keys.settings)
		b.build()
		warned := strings.Contains(strings.Join(b.warnings, ""), "unix_sockets.mode")
		if refused := len(b.problems) > 0; refused != (want.mode == 0) || !refused && b.cfg.HTTP.Sockets.Mode != want.mode || warned != want.warns {
			t.Errorf("%q: mode %v, problems %v, warnings %q", text, b.cfg.HTTP.Sockets.Mode, b.problems, b.warnings)
		}
	}
}

func TestSocketOwners(t *testing.T) {
	me, err := user.LookupId(strconv.Itoa(os.Getuid()))
	if err != nil {
		t.Skip("this user has no name:", err)
	}
	file, err := (&SocketSettings{User: me.Username, Group: "7", Mode: 0o660}).file()
	if err != nil || file.UID == nil || *file.UID != os.Getuid() || file.GID == nil || *file.GID != 7 || file.Mode != 0o660 {
		t.Errorf("%+v, %v", file, err)
	}
	if file, err := (&SocketSettings{}).file(); err != nil || file.UID != nil || file.GID != nil {
		t.Errorf("nothing said: %+v, %v", file, err)
	}
	for _, s := range []SocketSettings{{User: "no-such-user"}, {Group: "no-such-group"}} {
		if _, err := s.file(); err == nil || !strings.HasPrefix(err.Error(), "unix_sockets.") {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
