package httpapi

import "time"

// pause is what a blocking query makes until there is news. Its time runs from the first wait on.
type pause struct {
	s     *Server
	r     *request
	most  readOptions // whose wait it is
	timer *time.Timer
}

// wait returns when one of two things has changed; nil never does. over says that the query has waited long
// enough, or the server closes: what is found now is the answer. The error is that the client has gone.
func (p *pause) wait(one, other <-chan struct{}) (over bool, err error) {
	if p.timer == nil {
		p.timer = time.NewTimer(p.most.jittered())
		p.r.wait()
	}
	select {
	case <-one:
	case <-other:
	case <-p.timer.C:
		over = true
	case <-p.s.closing:
		over = true
	case <-p.r.Context().Done():
		err = errClientGone
	}
	return over, err
}

// end frees what the pause holds.
func (p *pause) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
