package catalog

// Turn returns the turn of an instance, or nil.
func (s *Snapshot) Turn(node, id string) *Turn { return s.turn(node, id) }

// Turns returns all turns in the order of node and id, and a channel that is closed when
// they, or the brakes, change.
func (s *Snapshot) Turns() ([]*Turn, <-chan struct{}) {
	return collect(s.turns.rows(byID, nil)), s.watch(watchAnyGuard())
}

// Held reports whether a fall decides at present what is answered, so that it is not to be forgotten.
func (s *Snapshot) Held(fall *Turn) bool { return s.holds(fall) }

// Brakes returns the services that are braked, in the order of their names.
func (s *Snapshot) Brakes() ([]*Brake, Mark) {
	return collect(s.brakes.rows(byID, nil)), s.mark(resBrakes)
}

// WatchBrake returns the brake of a service, nil when there is none. The channel is
// closed when that or a turn of one of its instances changes.
func (s *Snapshot) WatchBrake(service string) (*Brake, <-chan struct{}) {
	return s.brake(service), s.watch(watchGuards(service))
}
