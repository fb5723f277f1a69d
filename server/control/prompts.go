package control

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/prompts"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// prompt says which form logins show once the user is known. It takes the place of an Action of the
// trigger post-login that calls api.prompt.render(form_id, {fields, vars}).
type prompt struct {
	// ClientID is the application whose logins show the form. "" stands for all applications without
	// their own form.
	ClientID string         `json:"client_id"`
	FormID   string         `json:"form_id"`
	Fields   map[string]any `json:"fields"`
	Vars     map[string]any `json:"vars"`
}

// Limits of api.prompt.render.
const (
	maxPromptForm    = 48
	maxPromptMembers = 24
	maxPromptOptions = 24_576 // bytes of JSON
)

// promptField matches the names of fields that api.prompt.render accepts.
var promptField = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,49}$`)

// check checks a prompt by the limits of api.prompt.render.
func (p prompt) check() error {
	raw, err := json.Marshal(map[string]any{"fields": p.Fields, "vars": p.Vars})
	switch {
	case err != nil:
		return err
	case p.FormID == "" || len(p.FormID) > maxPromptForm:
		return badBody(`a prompt is {"form_id": "ap_...", "client_id": "...", "fields": {...}, "vars": {...}}; all but form_id may be left out`)
	case len(p.Fields) > maxPromptMembers || len(p.Vars) > maxPromptMembers:
		return badBody(fmt.Sprintf("fields and vars have at most %d members each", maxPromptMembers))
	case len(raw) > maxPromptOptions:
		return badBody(fmt.Sprintf("The total size of the prompt options exceeds the limit of %d bytes.", maxPromptOptions))
	}
	for name := range p.Fields {
		if !promptField.MatchString(name) {
			return badBody("the field " + name + " does not match " + promptField.String())
		}
	}
	return nil
}

// listPrompts lists the prompts: which applications' logins show which form.
//
//auth0:operation GET /prompts
func (m *room) listPrompts(w http.ResponseWriter, r *http.Request) error {
	all := []prompt{}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		all = all[:0]
		renders, err := prompts.All(tx)
		for _, render := range renders {
			all = append(all, promptOf(render))
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b prompt) int { return strings.Compare(a.ClientID, b.ClientID) })
	return web.Reply(w, http.StatusOK, all)
}

func promptOf(r prompts.Render) prompt {
	p := prompt{r.ClientID, r.FormID, r.Fields, r.Vars}
	if p.Fields == nil {
		p.Fields = map[string]any{}
	}
	if p.Vars == nil {
		p.Vars = map[string]any{}
	}
	return p
}

// putPrompt makes the logins of an application, or of all applications, show a form.
//
//auth0:operation PUT /prompts
func (m *room) putPrompt(w http.ResponseWriter, r *http.Request) error {
	var p prompt
	if err := read(w, r, web.MaxForm, &p); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	render := prompts.Render{ClientID: p.ClientID, FormID: p.FormID, Fields: p.Fields, Vars: p.Vars}
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if _, err := tx.Documents(resource.Forms.Name, "").Document(p.FormID); err != nil {
			return unknown(err, "unknown_form", "There is no form "+p.FormID+"; GET /api/v2/forms lists them")
		}
		if p.ClientID != "" {
			if _, err := tx.Clients.Get(p.ClientID); err != nil {
				return unknown(err, "unknown_client", "There is no application "+p.ClientID)
			}
		}
		return prompts.Put(tx, render)
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, promptOf(render))
}

// unknown returns an answer with status 404 if err is storage.ErrNotFound, otherwise err.
func unknown(err error, code, message string) error {
	if storage.IsNotFound(err) {
		return &apierr.Error{Status: http.StatusNotFound, Code: code, Message: message}
	}
	return err
}

// deletePrompt removes the form of the application in the query parameter client_id or, without the
// parameter, the form for all other applications.
//
//auth0:operation DELETE /prompts
func (m *room) deletePrompt(w http.ResponseWriter, r *http.Request) error {
	client := r.URL.Query().Get("client_id")
	if err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return prompts.Delete(tx, client) }); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
