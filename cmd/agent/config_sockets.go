package agent

import (
	"fmt"
	"io/fs"
	"os/user"
	"strconv"

	"muster/catalog/httpapi"
)

// SocketSettings say who may use unix sockets: who may write to their files.
type SocketSettings struct {
	User, Group string      // who owns the files, by name or number. Empty: the agent's user, its group
	Mode        fs.FileMode // their permissions
}

func (b *builder) sockets(k *httpKeys) {
	to, from := &b.cfg.HTTP.Sockets, &k.Sockets
	set(&to.User, from.User)
	set(&to.Group, from.Group)
	if from.Mode == nil || *from.Mode == "" {
		return
	}
	mode, err := strconv.ParseUint(*from.Mode, 8, 32)
	if err != nil || mode > uint64(fs.ModePerm) || mode&0o600 != 0o600 {
		b.problem("unix_sockets.mode", "%q is not an octal mode in which the owner may read and write, such as \"0660\"", *from.Mode)
		return
	}
	to.Mode = fs.FileMode(mode)
	if to.Mode&0o002 != 0 {
		b.warn(fmt.Sprintf("unix_sockets.mode: with %s every user of this machine may use HTTP by its sockets", *from.Mode))
	}
}

// file finds out whom the names stand for.
func (s *SocketSettings) file() (file httpapi.SocketFile, err error) {
	file.Mode = s.Mode
	file.UID, err = idOf("unix_sockets.user", s.User, func(name string) (string, error) {
		u, err := user.Lookup(name)
		if err != nil {
			return "", err
		}
		return u.Uid, nil
	})
	if err != nil {
		return file, err
	}
	file.GID, err = idOf("unix_sockets.group", s.Group, func(name string) (string, error) {
		g, err := user.LookupGroup(name)
		if err != nil {
			return "", err
		}
		return g.Gid, nil
	})
	return file, err
}

// idOf returns the number that a name is or stands for, nil for none.
func idOf(key, name string, lookup func(string) (string, error)) (*int, error) {
	if name == "" {
		return nil, nil
	}
	text := name
	if _, err := strconv.ParseUint(name, 10, 31); err != nil {
		if text, err = lookup(name); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%s: %q has the id %q, which is no number", key, name, text)
	}
	id := int(n)
	return &id, nil
}
