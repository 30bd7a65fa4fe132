package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"time"

	"muster/catalog/httpapi"
)

// Consul's clients mark the keys of their locks by these flags.
const (
	lockFlags      = 0x2ddccbc058a50c18
	semaphoreFlags = 0xe0f69a2baa414de0
	lockName       = ".lock"
)

// lock is one of limit places below a prefix, as Consul's clients keep them. With a limit of 1 the key
// PREFIX/.lock is locked. Otherwise PREFIX/.lock lists the sessions that have a place, and
// each session that wants one locks PREFIX/SESSION to show that it lives.
type lock struct {
	agent   *httpapi.Client
	prefix  string
	limit   int
	session string
}

// lockDelayPause is between tries while the lock is nobody's, and too young to be taken.
const lockDelayPause = time.Second

func (l *lock) key() string       { return path.Join(l.prefix, lockName) }
func (l *lock) contender() string { return path.Join(l.prefix, l.session) }

// look reads what the lock consists of, when it is newer than an index.
func (l *lock) look(ctx context.Context, index uint64) (pairs map[string]httpapi.Pair, at uint64, err error) {
	read := httpapi.ClientRead{Path: "/v1/kv/", Key: l.key()}
	if l.limit > 1 {
		read.Key, read.Query = l.prefix+"/", url.Values{"recurse": {""}}
	}
	body, at, err := l.agent.Blocking(ctx, read, index)
	if err != nil || body == nil {
		return nil, at, err
	}
	var list []httpapi.Pair
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, 0, fmt.Errorf("read lock: %w", err)
	}
	pairs = make(map[string]httpapi.Pair, len(list))
	for _, p := range list {
		pairs[p.Key] = p
	}
	return pairs, at, nil
}

// acquire waits until there is a place, and takes it.
func (l *lock) acquire(ctx context.Context) error {
	if l.limit > 1 {
		ok, err := l.agent.AcquireKey(ctx, l.contender(), nil, semaphoreFlags, l.session)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("key %q is not to be had", l.contender())
		}
	}
	for index := uint64(0); ; {
		pairs, at, err := l.look(ctx, index)
		if err != nil {
			return err
		}
		taken, free, err := l.take(ctx, pairs)
		if err != nil || taken {
			return err
		}
		if index = at; free { // nothing will change by itself
			index = 0
			if err := pause(ctx, lockDelayPause); err != nil {
				return err
			}
		}
	}
}

// take tries to have a place. free tells that there was one.
func (l *lock) take(ctx context.Context, pairs map[string]httpapi.Pair) (taken, free bool, err error) {
	at, exists := pairs[l.key()]
	if l.limit == 1 {
		switch {
		case exists && at.Flags != lockFlags:
			return false, false, fmt.Errorf("key %q is not a lock that one alone can hold", l.key())
		case at.Session == l.session:
			return true, true, nil
		case at.Session != "":
			return false, false, nil
		}
		taken, err = l.agent.AcquireKey(ctx, l.key(), nil, lockFlags, l.session)
		return taken, true, err
	}
	places, err := l.places(pairs)
	if err != nil {
		return false, false, err
	}
	if len(places.Holders) >= l.limit && !places.Holders[l.session] {
		return false, false, nil
	}
	places.Holders[l.session] = true
	taken, err = l.write(ctx, places, at.ModifyIndex)
	return taken, false, err // a try that failed was a race: the index has moved
}

// places is the value of a semaphore's key.
type places struct {
	Limit   int
	Holders map[string]bool
}

// places reads who has a place, without those whose session has ended.
func (l *lock) places(pairs map[string]httpapi.Pair) (places, error) {
	out := places{Limit: l.limit, Holders: map[string]bool{}}
	at, exists := pairs[l.key()]
	if !exists {
		return out, nil
	}
	var was places
	if at.Flags != semaphoreFlags || json.Unmarshal(at.Value, &was) != nil {
		return out, fmt.Errorf("key %q is not a lock that several can hold", l.key())
	}
	if was.Limit != l.limit {
		return out, fmt.Errorf("key %q is a lock for %d, not for %d", l.key(), was.Limit, l.limit)
	}
	for session, holds := range was.Holders {
		if holds && pairs[path.Join(l.prefix, session)].Session == session {
			out.Holders[session] = true
		}
	}
	return out, nil
}

func (l *lock) write(ctx context.Context, p places, index uint64) (bool, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return false, fmt.Errorf("encode lock: %w", err)
	}
	return l.agent.SetKey(ctx, l.key(), text, semaphoreFlags, httpapi.ClientWrite{CAS: true, Index: index})
}

// held reports whether the lock is still ours.
func (l *lock) held(pairs map[string]httpapi.Pair) bool {
	if l.limit == 1 {
		return pairs[l.key()].Session == l.session
	}
	p, err := l.places(pairs)
	return err == nil && p.Holders[l.session]
}

// release gives the place back, and removes what nobody uses any more.
func (l *lock) release(ctx context.Context) error {
	if l.limit == 1 {
		if _, err := l.agent.ReleaseKey(ctx, l.key(), nil, lockFlags, l.session); err != nil {
			return err
		}
		return l.clear(ctx)
	}
	for taken := true; taken; {
		pairs, _, err := l.look(ctx, 0)
		if err != nil {
			return err
		}
		p, err := l.places(pairs)
		if err != nil {
			return err
		}
		if taken = p.Holders[l.session]; taken {
			delete(p.Holders, l.session)
			if _, err := l.write(ctx, p, pairs[l.key()].ModifyIndex); err != nil {
				return err
			}
		}
	}
	if _, err := l.agent.DeleteKey(ctx, l.contender(), httpapi.ClientWrite{}); err != nil {
		return err
	}
	return l.clear(ctx)
}

// clear removes the lock's key if nobody has it or wants it. Whoever comes in between keeps it.
func (l *lock) clear(ctx context.Context) error {
	pairs, _, err := l.look(ctx, 0)
	if err != nil {
		return err
	}
	at, exists := pairs[l.key()]
	if !exists || at.Session != "" || l.limit > 1 && len(pairs) > 1 {
		return nil
	}
	_, err = l.agent.DeleteKey(ctx, l.key(), httpapi.ClientWrite{CAS: true, Index: at.ModifyIndex})
	return err
}
