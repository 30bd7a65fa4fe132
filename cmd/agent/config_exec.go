package agent

import "strings"

type execKeys struct {
	DisableRemoteExec *bool    `key:"disable_remote_exec"`
	RemoteExecAllow   []string `key:"remote_exec_allow"` // not Consul's
}

func (b *builder) exec(k *execKeys) {
	set(&b.cfg.DisableRemoteExec, k.DisableRemoteExec)
	b.cfg.RemoteExecAllow = k.RemoteExecAllow
	for _, line := range k.RemoteExecAllow {
		if words := strings.Fields(line); len(words) == 0 || words[0] == "*" {
			b.problem("remote_exec_allow", "%q names no program", line)
		}
	}
}
