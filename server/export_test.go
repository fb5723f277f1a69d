package server

import "github.com/tenant0/tenant0/server/outbox"

// Outbox returns the outbox, for tests of what happens to a message.
func (s *Server) Outbox() *outbox.Outbox { return s.services.outbox }
