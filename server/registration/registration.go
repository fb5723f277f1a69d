// Package registration serves /oidc/register, where third-party applications register themselves if
// the tenant allows it. The requests follow RFC 7591 and OpenID Connect Dynamic Client Registration,
// the created applications Auth0, get-started/applications/dynamic-client-registration.
package registration

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the package's handlers.
type Deps struct {
	DB       *storage.DB
	Services objects.Services
	Log      *tenantlog.Log
	Now      func() time.Time
	// Outside fetches the documents that applications publish at URLs in their metadata.
	Outside *outside.Client
}

type room struct{ Deps }

// Mount adds the package's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt.Handle(http.MethodPost, "/oidc/register", m.register)
}

// maxBody is the largest accepted body of a registration, in bytes.
const maxBody = 64 << 10

// errDisabled is the answer if the tenant does not allow dynamic registration.
var errDisabled = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "dynamic client registration is disabled",
	Setting: "flags.enable_dynamic_client_registration of the tenant",
}

// register creates an application from the metadata that a client sends. No token is needed: anybody
// who can reach the tenant may register.
//
//auth0:operation POST /oidc/register
func (m *room) register(w http.ResponseWriter, r *http.Request) error {
	answer, err := m.make(w, r)
	if err != nil {
		m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedAPIOperation, Description: "Dynamic client registration: " + tenantlog.Reason(err)})
		return err
	}
	m.Log.Record(r, tenantlog.Event{
		Type: tenantlog.APIOperation, Description: "Dynamic client registration", ClientID: answer.ClientID, ClientName: answer.ClientName,
	})
	web.NoStore(w)
	return web.Reply(w, http.StatusCreated, answer)
}

func (m *room) make(w http.ResponseWriter, r *http.Request) (answer, error) {
	tenant, err := m.tenant(r.Context())
	if err != nil {
		return answer{}, err
	}
	var asked Metadata
	body, err := web.ReadJSON(w, r, maxBody)
	if err != nil {
		return answer{}, err
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return answer{}, invalidMetadata("the body must be an object with the client's metadata").With(err)
	}
	strict := tenant.RegistrationMode != "permissive"
	if err := asked.complete(strict, tenant.Flags.StandardAnswers); err != nil {
		return answer{}, err
	}
	if err := m.checkOutside(r.Context(), asked); err != nil {
		return answer{}, err
	}
	id, secret := newID(strict), ""
	if asked.hasSecret() {
		secret = resource.ClientSecret()
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		doc := asked.application(id, strict)
		if secret != "" {
			doc["client_secret"] = secret
		}
		if tenant.Flags.StandardAnswers {
			doc["tenant0_standard_answers"] = true
		}
		clients, err := objects.Clients.In(&objects.Change{Services: m.Services, Tx: tx, Now: m.Now(), GivenID: id}, "")
		if err != nil {
			return err
		}
		_, err = clients.Create(doc)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return asked.answer(id, secret), nil
}

// checkOutside checks the URLs in the metadata that lead to other servers. The document of the
// sector_identifier_uri has to list all redirect_uris, OpenID Connect Dynamic Client Registration 1.0
// section 5.
func (m *room) checkOutside(ctx context.Context, asked Metadata) error {
	if asked.KeysURI != "" && !m.Outside.Reach.Allows(asked.KeysURI) {
		return invalidMetadata("jwks_uri leads to where the server's setting upstream lets no request go")
	}
	if asked.SectorURI == "" {
		return nil
	}
	var listed []string
	if err := m.Outside.JSON(ctx, asked.SectorURI, &listed); err != nil {
		return invalidMetadata("sector_identifier_uri does not lead to a list of redirect_uris").With(err)
	}
	for _, uri := range asked.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return invalidMetadata("sector_identifier_uri does not list " + uri)
		}
	}
	return nil
}

// tenant returns the tenant, or errDisabled if it does not allow dynamic registration. Registered
// applications are strict unless the tenant is in permissive mode, Auth0:
// get-started/applications/third-party-applications/permissive-mode.
func (m *room) tenant(ctx context.Context) (tenant storage.Tenant, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		if tenant, err = tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil {
			return err
		}
		if !tenant.Flags.EnableDynamicClientRegistration {
			return errDisabled
		}
		return nil
	})
	return tenant, err
}

// newID returns a new client_id. Those of strict applications begin with tpc_.
func newID(strict bool) string {
	if strict {
		return resource.Prefixed("tpc_", 22)()
	}
	return resource.ClientID()
}

func invalidMetadata(why string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_client_metadata", Message: why, Setting: "the metadata of the client"}
}

func invalidRedirectURI(why string) *apierr.Error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_redirect_uri", Message: why, Setting: "redirect_uris of the metadata"}
}
