package server

import (
	"errors"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Outbox returns the outbox of the first tenant, for tests of what happens to a message.
func (s *Server) Outbox() *outbox.Outbox { return s.tenants.first().Control().Outbox }

// DB returns the store of the first tenant, for tests that count its records.
func (s *Server) DB() *storage.DB { return s.tenants.first().DB() }

// Operations lists the operations that both listeners serve, each as "METHOD /path".
func (s *Server) Operations() ([]string, error) {
	rt, ok := s.control.Handler.(*web.Router)
	if !ok {
		return nil, errors.New("the control listener is not served by a web.Router")
	}
	return append(s.tenants.first().Operations(), rt.Operations()...), nil
}
