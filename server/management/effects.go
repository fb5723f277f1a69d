package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
)

// services returns what changes of objects need.
func (d Deps) services() objects.Services {
	return objects.Services{Issuer: d.Issuer.URL, Secrets: d.Issuer.Secrets, Emails: d.Emails}
}

// carrier carries out the effects of a request, or of a call that the server itself
// makes.
type carrier struct {
	Deps
	r *http.Request // nil for calls of the server itself
}

// Mail implements objects.Carrier.
func (b carrier) Mail(drafts ...emails.Draft) error { return b.Emails.Send(b.r.Context(), drafts...) }

// Send implements objects.Carrier.
func (b carrier) Send(m outbox.Message) { b.Outbox.Send(m) }

// Record implements objects.Carrier.
func (b carrier) Record(e tenantlog.Event) { b.Events.Record(b.r, e) }
