package dns

// Take has a server serve a connection as if it had been accepted.
func (s *Server) Take(conn stream) { s.take(conn) }
