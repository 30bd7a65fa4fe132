package gossip

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"time"
)

const (
	membersName = "members.json"
	// saveEvery bounds how often members.json is written.
	saveEvery = 2 * time.Second
)

// membersFile is the body of members.json.
type membersFile struct {
	Left    bool   // this agent left on purpose
	Run     uint64 // of this agent, the last
	Members []keptMember
}

type keptMember struct {
	Name   string
	Addr   netip.AddrPort
	Meta   []byte // as it told of itself
	Alive  bool
	Over   uint64
	Pruned bool
	Since  time.Time
}

// readMembers returns what the last run knew. The file is an aid: if it is
// damaged, agents are met through the configured addresses.
func (p *Pool) readMembers() membersFile {
	if p.cfg.Dir == "" {
		return membersFile{}
	}
	var f membersFile
	err := readFile(filepath.Join(p.cfg.Dir, membersName), &f)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.cfg.Logger.Warn("the members met before are not known: the file cannot be read", "error", err)
		return membersFile{}
	}
	if f.Left && !p.cfg.RejoinAfterLeave {
		f.Members = nil
	}
	return f
}

// remember takes the members of the last run into the book.
func (p *Pool) remember(f membersFile) {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	for _, k := range f.Members {
		m, err := decodeMeta(k.Meta)
		if err != nil || !k.Addr.IsValid() || k.Name == p.cfg.Name {
			continue // of another build; it will be met again
		}
		if checkPool(p.cfg.WAN, p.cfg.Datacenter, newcomer{k.Name, k.Addr, m}) != nil {
			continue // this agent moved to another datacenter
		}
		e := &entry{Member: Member{Name: k.Name, Remembered: k.Alive}, alive: k.Alive, over: k.Over, pruned: k.Pruned}
		e.describe(k.Addr, m)
		e.Status, e.Since = e.status(), k.Since
		p.book.members[k.Name] = e
	}
	p.book.touch()
}

// save writes what there is to know after the next start.
func (p *Pool) save() error {
	if p.cfg.Dir == "" {
		return nil
	}
	f, err := p.book.file()
	if err != nil {
		return fmt.Errorf("gossip: keep members: %w", err)
	}
	f.Left, f.Run = p.isLeaving(), p.current().Run
	if err := writeFile(filepath.Join(p.cfg.Dir, membersName), f); err != nil {
		return fmt.Errorf("gossip: keep members: %w", err)
	}
	return nil
}

func (b *book) file() (membersFile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var f membersFile
	for _, e := range b.members {
		if e.Name == b.self {
			continue
		}
		m, err := e.meta.encode()
		if err != nil {
			return f, err
		}
		f.Members = append(f.Members, keptMember{
			Name: e.Name, Addr: netip.AddrPortFrom(e.Addr, e.Port), Meta: m,
			Alive: e.alive, Over: e.over, Pruned: e.pruned, Since: e.Since,
		})
	}
	return f, nil
}
