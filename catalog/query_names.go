package catalog

// HasNodeBelow reports whether some node's name ends in "." + suffix, so that a
// name made of suffix alone has names below it in DNS. It walks the nodes.
func (s *Snapshot) HasNodeBelow(suffix string) bool {
	for n := range s.nodes.rows(byID, nil) {
		cut := len(n.Name) - len(suffix)
		if cut > 0 && n.Name[cut-1] == '.' && EqualFold(n.Name[cut:], suffix) {
			return true
		}
	}
	return false
}
