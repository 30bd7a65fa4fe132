package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestCompletionWords(t *testing.T) {
	for line, want := range map[string]string{
		"snap":                       "snapshot",
		"kv ge":                      "get",
		"help kv ge":                 "get",
		"kv get -ba":                 "-base64",
		"kv get --ba":                "--base64",
		"kv get -separator get -rec": "-recurse",
		"kv get -format js":          "json",
		"agent -conf":                "-config-dir -config-file", // a hidden one is not offered
		"agent -config-dir v":        "",                         // a file
		"validate -quiet c":          "",
		"kv get -- -b":               "",
		"nothing v":                  "",
		"completion w":               "", // hidden
		"-":                          "-help",
	} {
		stdout, stderr, code := command(t, "", nil, append([]string{"completion", "words", "--"}, strings.Split(line, " ")...)...)
		var got []string
		for l := range strings.Lines(stdout) {
			w, _, _ := strings.Cut(l, "\t")
			got = append(got, w)
		}
		if strings.Join(slices.Sorted(slices.Values(got)), " ") != want || stderr != "" || code != 0 {
			t.Errorf("%s: %q, %q, %d; want %q", line, got, stderr, code, want)
		}
	}
}

// TestCompletionInShells loads each script into its shell and completes a line.
func TestCompletionInShells(t *testing.T) {
	for shell, script := range map[string]string{
		"bash": `source <(muster completion bash); complete -p muster >/dev/null || exit 1
			COMP_WORDS=(muster kv ge); COMP_CWORD=2; _muster; printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh": `autoload -Uz compinit; compinit -u -D; source <(muster completion zsh); [[ $_comps[muster] == _muster ]] || exit 1
			_describe() { print -l "${found[@]%%:*}" }; words=(muster kv ge); CURRENT=3; _muster`,
		"fish": `muster completion fish | source; complete -C "muster kv ge" | string replace -r '\t.*' ''`,
	} {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skipf("no %s on this machine", shell)
			}
			cmd := exec.Command(shell, "-c", script)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "PATH="+filepath.Dir(binary(t))+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != "get\n" {
				t.Errorf("%v: %q", err, out)
			}
		})
	}
}

// TestManPage: every command has its section, and no line is taken for a request of roff that is none.
func TestManPage(t *testing.T) {
	page, _, code := command(t, "", nil, "man")
	for _, want := range []string{".TH MUSTER 1", "\n.SS muster kv get [options] [KEY or PREFIX]\n", "\n.TP\n\\fB\\-retry\\-join\\fR \\fIADDRESS\\fR\n", "\n.SS muster keyring"} {
		if code != 0 || !strings.Contains(page, want) {
			t.Errorf("exit code %d, no %q", code, want)
		}
	}
	for line := range strings.Lines(page) {
		request, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(request, "'") || strings.HasPrefix(request, ".") && !strings.Contains(".TH .SH .SS .TP .PP .B .I", request) {
			t.Errorf("roff would misread %q", line)
		}
	}
}
