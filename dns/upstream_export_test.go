package dns

// WithoutHedges takes from a handler the allowance for second tries of its present recursors, so
// that tests may count questions on machines that stall.
func (h *Handler) WithoutHedges() *Handler {
	r := h.current.Load().recursor
	r.hedges.mu.Lock()
	defer r.hedges.mu.Unlock()
	r.hedges.owed = 1 << 30
	return h
}
