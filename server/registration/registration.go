// Package registration serves /oidc/register: applications of third parties register
// themselves, where the tenant lets them. RFC 7591 and OpenID Connect Dynamic Client
// Registration say what is sent, and Auth0, get-started/applications/dynamic-client-registration,
// what comes of it.
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

// Deps is what the room works with.
type Deps struct {
	DB       *storage.DB
	Services objects.Services
	Log      *tenantlog.Log
	Now      func() time.Time
	// Outside reads what applications publish of themselves.
	Outside *outside.Client
}

type room struct{ Deps }

// Mount adds the room's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt.Handle(http.MethodPost, "/oidc/register", m.register)
}

// maxBody bounds a registration, in bytes.
const maxBody = 64 << 10

// errDisabled is the answer of tenants that let nobody register.
var errDisabled = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "dynamic client registration is disabled",
	Setting: "flags.enable_dynamic_client_registration of the tenant",
}

// register makes an application of what anybody sends. There is no token for it: whoever can
// reach the tenant may.
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

// checkOutside looks at the addresses that an application names of servers. Its sector has to list all
// of its redirect_uris, OpenID Connect Dynamic Client Registration 1.0 section 5.
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

// tenant is the tenant, where it lets applications register. They are strict unless it says
// otherwise, Auth0: get-started/applications/third-party-applications/permissive-mode.
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

// newID is the id of an application: strict ones tell by it what they are.
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
