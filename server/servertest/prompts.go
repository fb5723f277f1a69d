package servertest

import "net/http"

// Render has the logins of an application, or with "" of all, show a form of the tenant's, with first
// values of its fields and variables.
func (s *Server) Render(form, client string, fields, vars map[string]any) {
	s.tb.Helper()
	s.control(http.MethodPut, "/prompts", map[string]any{"form_id": form, "client_id": client, "fields": fields, "vars": vars})
}
