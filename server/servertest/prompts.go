package servertest

import "net/http"

// Render makes logins show a form of the tenant, with initial values of its fields and variables.
// client is the application whose logins show the form; "" means every application.
func (s *Server) Render(form, client string, fields, vars map[string]any) {
	s.tb.Helper()
	s.control(http.MethodPut, "/prompts", map[string]any{"form_id": form, "client_id": client, "fields": fields, "vars": vars})
}
