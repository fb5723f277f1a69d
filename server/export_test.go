package server

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Outbox returns the outbox, for tests of what happens to a message.
func (s *Server) Outbox() *outbox.Outbox { return s.services.outbox }

// DB returns the store, for tests that count what is in it.
func (s *Server) DB() *storage.DB { return s.services.db }

// Operations lists what both listeners serve as "METHOD /path".
func (s *Server) Operations() ([]string, error) {
	var all []string
	for _, handler := range []http.Handler{s.tenant.Handler, s.control.Handler} {
		rt, ok := handler.(*web.Router)
		if !ok {
			return nil, errors.New("a listener is not served by a web.Router")
		}
		all = append(all, rt.Operations()...)
	}
	return all, nil
}
