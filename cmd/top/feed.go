package top

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"muster/catalog/httpapi"
)

// Agent is who is asked; [httpapi.Client] is one.
type Agent interface {
	Self(context.Context) (*httpapi.AgentSelf, error)
	Metrics(context.Context) ([]byte, error)
	RaftConfiguration(context.Context, httpapi.ClientQuery) (*httpapi.RaftConfiguration, error)
	NodeInfos(context.Context, httpapi.ClientQuery) ([]httpapi.NodeInfo, error)
	// Changes has the messages of the stream behind a place taken in turn. It returns when the stream has ended, with the reason.
	Changes(ctx context.Context, since httpapi.ClientPlace, take func(httpapi.ClientChange) error) error
}

const (
	sampleTimeout = 5 * time.Second
	raftTimeout   = time.Second            // of the part of a sample that hangs on servers
	firstRetry    = 250 * time.Millisecond // doubled from one to the next
	lastRetry     = 5 * time.Second
	together      = 100 * time.Millisecond // messages within it are sent on as one
)

// Feed asks an agent for what a model shows.
type Feed struct {
	agent    Agent
	interval time.Duration
	messages chan any

	mu     sync.Mutex
	anew   bool               // the next stream begins with everything
	hangUp context.CancelFunc // ends the present stream
}

// NewFeed makes the feed of an agent that is asked for its figures at intervals.
func NewFeed(agent Agent, interval time.Duration) *Feed {
	return &Feed{agent: agent, interval: interval, messages: make(chan any, 64)}
}

// Run asks until ctx ends, and has send called with messages for the model, by one goroutine.
func (f *Feed) Run(ctx context.Context, send func(any)) {
	var parts sync.WaitGroup
	parts.Go(func() { f.follow(ctx) })
	parts.Go(func() { f.watch(ctx) })
	f.pass(ctx, send)
	parts.Wait()
}

// Reload has everything read anew. Any goroutine may call it.
func (f *Feed) Reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.anew = true
	if f.hangUp != nil {
		f.hangUp()
	}
}

// tell puts a message on its way.
func (f *Feed) tell(ctx context.Context, message any) {
	select {
	case f.messages <- message:
	case <-ctx.Done():
	}
}

// pass sends messages on, those that come together as one, so that a screen is not drawn for each of them.
func (f *Feed) pass(ctx context.Context, send func(any)) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	send(Clock{time.Now()})
	var batch Batch
	var ripe <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-f.messages:
			if batch = append(batch, message); ripe == nil {
				ripe = time.After(together)
			}
		case <-ripe:
			send(append(batch, Clock{time.Now()}))
			batch, ripe = nil, nil
		case now := <-second.C:
			send(Clock{now})
		}
	}
}

// follow keeps hold of the stream of changes, and takes it up again where it broke.
func (f *Feed) follow(ctx context.Context) {
	since, retry := httpapi.ClientPlace{}, firstRetry
	for ctx.Err() == nil {
		stream, hangUp := context.WithCancel(ctx)
		f.mu.Lock()
		if f.anew {
			f.anew, since = false, httpapi.ClientPlace{}
		}
		f.hangUp = hangUp
		f.mu.Unlock()
		heard := false
		err := f.agent.Changes(stream, since, func(c httpapi.ClientChange) error {
			if err := f.took(stream, c, heard); err != nil {
				return err
			}
			heard, retry = true, firstRetry
			if c.Event != "" {
				since = c.At // whose index falls when the catalog is another
			}
			since.Index = max(c.At.Index, since.Index)
			return nil
		})
		wanted := stream.Err() != nil
		hangUp()
		if wanted {
			continue
		}
		f.tell(ctx, Lost{time.Now(), err})
		pause(ctx, retry-rand.N(retry/4)) // so that many do not come back as one
		retry = min(2*retry, lastRetry)
	}
}

// took passes a message of the stream on. The first of a stream says that there is one.
func (f *Feed) took(ctx context.Context, c httpapi.ClientChange, heard bool) error {
	switch c.Event {
	case "begin", "reset":
		// What is read now, and the changes that wait in the stream meanwhile, make a whole.
		nodes, err := f.agent.NodeInfos(ctx, httpapi.ClientQuery{Stale: true})
		if err != nil {
			return err
		}
		f.tell(ctx, Loaded{time.Now(), nodes})
		return nil
	}
	if !heard {
		f.tell(ctx, Linked{})
	}
	if c.Event == "change" {
		f.tell(ctx, Changed{time.Now(), c.Change})
	}
	return nil
}

// watch samples the agent's figures.
func (f *Feed) watch(ctx context.Context) {
	retry := f.interval
	for ctx.Err() == nil {
		began := time.Now()
		s := Look(ctx, f.agent)
		if ctx.Err() != nil {
			return
		}
		f.tell(ctx, s)
		if s.Err == nil {
			retry = f.interval
		} else {
			retry = max(f.interval, min(2*retry, lastRetry))
		}
		pause(ctx, retry-time.Since(began))
	}
}

// Look takes a sample. Its Err says that the agent did not answer.
func Look(ctx context.Context, agent Agent) Sample {
	ctx, cancel := context.WithTimeout(ctx, sampleTimeout)
	defer cancel()
	self, err := agent.Self(ctx)
	if err != nil {
		return Sample{At: time.Now(), Err: err}
	}
	text, err := agent.Metrics(ctx)
	s := Sample{At: time.Now(), Self: self, Figures: ReadFigures(text), Err: err}
	ctx, cancel = context.WithTimeout(ctx, raftTimeout)
	defer cancel()
	if raft, err := agent.RaftConfiguration(ctx, httpapi.ClientQuery{Stale: true}); err == nil { // no server in reach is no fault of the agent's
		s.Raft = raft
	}
	return s
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
