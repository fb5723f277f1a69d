package control

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
)

// listTraces lists the traces of the last requests to the tenant, the newest first. The query
// parameters client_id, path (a prefix) and refused=true restrict the list.
//
//auth0:operation GET /trace
func (m *room) listTraces(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	all, err := m.Traces.List(func(rq trace.Request) bool {
		return (q.Get("client_id") == "" || rq.Parameters["client_id"] == q.Get("client_id")) &&
			strings.HasPrefix(rq.Path, q.Get("path")) && (q.Get("refused") != "true" || rq.Status != 0)
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, all)
}

//auth0:operation GET /trace/{request}
func (m *room) getTrace(w http.ResponseWriter, r *http.Request) error {
	id := web.Param(r, "request")
	found, ok, err := m.Traces.Find(r.Context(), id)
	if err != nil {
		return err
	}
	if !ok {
		return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_request", Message: "There is no trace of the request " + id + "; only the last 200 requests have one"}
	}
	return web.Reply(w, http.StatusOK, found)
}
