package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"muster/consensus/certs"
)

func TestJudgeConfig(t *testing.T) {
	paths := []string{"/etc/muster.d"}
	for _, v := range []verdict{
		{"well", configFacts{paths: paths}.judge(), "ok no mistake in /etc/muster.d"},
		{"mistakes", configFacts{paths: paths, problems: []string{"a.json:1:2: no", "b.json:1:2: no"}, warnings: []string{"x"}}.judge(), "FAIL 2 mistakes: a.json:1:2: no"},
		{"needs flags", configFacts{paths: paths, unusable: errors.New("data_dir: is missing\nmore")}.judge(), "warn no agent can start from the files alone: data_dir: is missing"},
		{"odd", configFacts{paths: paths, warnings: []string{"connect is not done"}, exposed: []string{"a.json (mode 0644)"}}.judge(),
			"warn everyone may read the key of gossip: a.json (mode 0644)\nwarn connect is not done"},
	} {
		v.try(t)
	}
}

func TestExposedKeys(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open.json": 0o644, "shut.json": 0o640, "web.json": 0o644, "open.txt": 0o644} {
		text := `{"encrypt": "x"}`
		if name == "web.json" {
			text = `{"service": {"name": "web"}}`
		}
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := exposedKeys([]string{dir})
	if want := filepath.Join(dir, "open.json") + " (mode 0644)"; err != nil || strings.Join(got, "\n") != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if got, err := exposedKeys([]string{filepath.Join(dir, "shut.json")}); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := exposedKeys([]string{filepath.Join(dir, "none")}); err == nil {
		t.Error("a file that is not there is none to complain of")
	}
}

func TestJudgeDoors(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	in := func(days int) time.Time { return now.Add(time.Duration(days)*24*time.Hour + time.Hour) }
	for _, v := range []verdict{
		{"none", judgeDoors([]door{{name: "server port"}, {name: "https"}}, now), "ok none are in use: the server port speaks plain text"},
		{"long", judgeDoors([]door{{name: "server port", used: in(300), filed: in(300)}}, now), "ok server port: until 2027-09-19"},
		{"soon", judgeDoors([]door{{name: "https", used: in(20)}}, now), "warn https: expires on 2026-12-13, in 20 days"},
		{"too soon", judgeDoors([]door{{name: "https", used: in(1)}}, now), "FAIL https: expires in 25h0m0s, on 2026-11-24"},
		{"over", judgeDoors([]door{{name: "https", used: in(-1)}}, now), "FAIL https: expired on 2026-11-22"},
		{"not taken in", judgeDoors([]door{{name: "https", used: in(20), filed: in(300)}}, now),
			"warn https: the files hold newer certificates than the agent uses\nwarn https: expires on 2026-12-13, in 20 days"},
		{"files alone", judgeDoors([]door{{name: "https", filed: in(300), warnings: []string{"key_file k: everyone may read it"}}}, now),
			"warn https: key_file k: everyone may read it\nok https: until 2027-09-19"},
		{"broken", judgeDoors([]door{{name: "https", used: in(300), broken: errors.New("cert_file: no")}}, now), "FAIL https: cert_file: no"},
		{"not for us", judgeDoors([]door{{name: "https", used: in(300), broken: fmt.Errorf("key_file: %w", fs.ErrPermission)}}, now),
			"warn https: the files cannot be looked at: key_file: permission denied\nok https: until 2027-09-19"},
	} {
		v.try(t)
	}
}

func TestDoorOpen(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "key.pem")
	made, err := certs.NewAuthority(certs.AuthorityOptions{Lifetime: time.Hour})
	if err == nil {
		err = made.Save(cert, key)
	}
	if err == nil {
		err = os.Chmod(key, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	var d door
	if d.open(certs.Config{}); !d.filed.IsZero() || d.broken != nil {
		t.Errorf("without certificates: %+v", d)
	}
	d.open(certs.Config{CertFile: cert, KeyFile: key, Datacenter: "dc1", Domain: "consul."})
	if d.broken != nil || d.filed.Before(time.Now()) || len(d.warnings) != 1 || !strings.Contains(d.warnings[0], "everyone") {
		t.Errorf("%+v", d)
	}
	var broken door
	if broken.open(certs.Config{CertFile: cert, KeyFile: filepath.Join(dir, "none")}); broken.broken == nil {
		t.Error("a key that is not there is no trouble")
	}
}

func TestJudgeSnapshots(t *testing.T) {
	now := time.Now()
	keeper := snapshotFacts{server: true, leads: true, interval: time.Hour, dir: "/s", newest: now.Add(-30 * time.Minute)}
	old, still, first, follower, away := keeper, keeper, keeper, keeper, keeper
	away.away, away.newest = true, time.Time{}
	old.newest = now.Add(-5 * time.Hour)
	still.newest, still.current = old.newest, true
	first.newest = time.Time{}
	follower.leads = false
	for _, v := range []verdict{
		{"well", keeper.judge(now), "ok the newest is 30m0s old"},
		{"late", old.judge(now), "warn the newest here is 5h0m0s old, though the leader is to make one every 1h0m0s"},
		{"nothing new", still.judge(now), "ok the newest is 5h0m0s old, and nothing has changed since"},
		{"first", first.judge(now), "warn there is none in /s yet"},
		{"follower", follower.judge(now), "skip the leader makes them; this agent is not, or not known to be, the leader"},
		{"away", away.judge(now), "skip they are on another machine, in /s"},
		{"none", snapshotFacts{server: true}.judge(now), "warn the servers make none by themselves"},
		{"client", snapshotFacts{}.judge(now), "skip servers make them"},
		{"dev", snapshotFacts{server: true, dev: true}.judge(now), "skip everything is kept in memory"},
		{"locked", snapshotFacts{server: true, leads: true, interval: time.Hour, err: os.ErrPermission}.judge(now), "warn not known: permission denied"},
	} {
		v.try(t)
	}
}
