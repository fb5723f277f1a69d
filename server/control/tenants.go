package control

import (
	"context"
	"errors"
	"net/http"
	"regexp"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Description is a tenant in responses.
type Description struct {
	Name   string `json:"name"`
	Issuer string `json:"issuer"`
	// Domain is the value for SDKs' setting domain: the issuer without its scheme.
	Domain string `json:"domain"`
	// Environment are the environment variables that tenant0 exec sets for the tenant.
	Environment map[string]string `json:"environment"`
}

// NewTenant describes a tenant to create: from a seed, or as a copy of a running tenant.
type NewTenant struct {
	Name string `json:"name"`
	// Seed names a tenant file or an embedded tenant. Without Seed and From, the server's
	// own seed is used.
	Seed string `json:"seed"`
	// From is the name of the tenant to copy.
	From string `json:"from"`
}

// names matches the names of tenants and snapshots. A tenant's name must be usable as a
// label of a host name.
var names = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

const namesRule = "must have 1 to 63 lower-case letters, digits and hyphens, and begin and end with a letter or digit"

// ValidName reports whether a name is valid for a tenant or a snapshot.
func ValidName(name string) bool { return names.MatchString(name) }

var (
	// ErrTenantExists reports that there is already a tenant with the name.
	ErrTenantExists = &apierr.Error{Status: http.StatusConflict, Code: "tenant_exists", Message: "A tenant with this name exists already"}
	// ErrFirstTenant reports that the default tenant cannot be deleted while the server
	// runs.
	ErrFirstTenant = &apierr.Error{Status: http.StatusConflict, Code: "first_tenant", Message: "The first tenant cannot be deleted; POST /reset restores it to its seed"}
)

func unknownTenant(name string) error {
	return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_tenant", Message: "There is no tenant " + name + "; GET /tenants lists them"}
}

//auth0:operation GET /tenants
func (m *room) listTenants(w http.ResponseWriter, _ *http.Request) error {
	return web.Reply(w, http.StatusOK, m.Tenants.List())
}

// createTenant creates a tenant and answers when it can be used: {"name": "w1", "seed":
// "timesheets"} or {"name": "w1", "from": "default"}.
//
//auth0:operation POST /tenants
func (m *room) createTenant(w http.ResponseWriter, r *http.Request) error {
	var rq NewTenant
	if err := read(w, r, web.MaxForm, &rq); err != nil {
		return err
	}
	switch {
	case rq.Name == "":
		return apierr.MissingParameter("name")
	case !ValidName(rq.Name):
		return apierr.InvalidParameter("name", namesRule)
	case rq.Seed != "" && rq.From != "":
		return apierr.InvalidParameter("from", "excludes seed")
	}
	if rq.From != "" {
		if _, found := m.Tenants.Tenant(rq.From); !found {
			return unknownTenant(rq.From)
		}
	}
	made, err := m.Tenants.Create(r.Context(), rq)
	if err != nil {
		if _, known := errors.AsType[*apierr.Error](err); !known {
			err = &apierr.Error{Status: http.StatusUnprocessableEntity, Code: "tenant_refused", Message: err.Error(), Cause: err}
		}
		return err
	}
	return web.Reply(w, http.StatusCreated, made)
}

//auth0:operation GET /tenants/{tenant}
func (m *room) getTenant(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "tenant")
	for _, d := range m.Tenants.List() {
		if d.Name == name {
			return web.Reply(w, http.StatusOK, d)
		}
	}
	return unknownTenant(name)
}

//auth0:operation DELETE /tenants/{tenant}
func (m *room) deleteTenant(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "tenant")
	if _, found := m.Tenants.Tenant(name); !found {
		return unknownTenant(name)
	}
	if err := m.Tenants.Delete(name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// snapshot is a snapshot in responses.
type snapshot struct {
	Name string `json:"name"`
}

func unknownSnapshot(name string) error {
	return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_snapshot", Message: "There is no snapshot " + name + "; GET /snapshots lists them"}
}

//auth0:operation GET /snapshots
func (m *room) listSnapshots(w http.ResponseWriter, r *http.Request) error {
	all := []snapshot{}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		names, err := tx.Snapshots()
		for _, name := range names {
			all = append(all, snapshot{name})
		}
		return err
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, all)
}

// there returns nil if a snapshot with the name exists, otherwise an error with status 404.
func (m *room) there(ctx context.Context, name string) error {
	return m.DB.View(ctx, func(tx *storage.Tx) error {
		has, err := tx.HasSnapshot(name)
		if err == nil && (!has || name == "") {
			err = unknownSnapshot(name)
		}
		return err
	})
}

//auth0:operation GET /snapshots/{snapshot}
func (m *room) getSnapshot(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "snapshot")
	if err := m.there(r.Context(), name); err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, snapshot{name})
}

// keepSnapshot stores the tenant's current data as a snapshot. It replaces a snapshot with
// the same name.
//
//auth0:operation PUT /snapshots/{snapshot}
func (m *room) keepSnapshot(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "snapshot")
	if !ValidName(name) {
		return apierr.InvalidParameter("snapshot", namesRule)
	}
	if err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.SaveSnapshot(name) }); err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, snapshot{name})
}

//auth0:operation DELETE /snapshots/{snapshot}
func (m *room) deleteSnapshot(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "snapshot")
	if err := m.there(r.Context(), name); err != nil {
		return err
	}
	if err := m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.DeleteSnapshot(name) }); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// restoreSnapshot resets the tenant to the data of the snapshot, and its clock to the
// machine's time.
//
//auth0:operation POST /snapshots/{snapshot}/restore
func (m *room) restoreSnapshot(w http.ResponseWriter, r *http.Request) error {
	name := web.Param(r, "snapshot")
	if err := m.there(r.Context(), name); err != nil {
		return err
	}
	if err := m.Restore(name); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
