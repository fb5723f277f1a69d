package management

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// customDomains serves the tenant's custom domains, Auth0:
// api/management/v2/custom-domains. The tenant answers requests to these host names too,
// but its issuer is always the same.
//
//auth0:operation GET /api/v2/custom-domains
//auth0:operation POST /api/v2/custom-domains
//auth0:operation GET /api/v2/custom-domains/{id}
//auth0:operation PATCH /api/v2/custom-domains/{id}
//auth0:operation DELETE /api/v2/custom-domains/{id}
func customDomains() collection {
	return collection{
		kind: objects.CustomDomains, path: "/custom-domains", scope: "custom_domains", verbs: "list create get patch delete",
		list: listing{key: "custom_domains", style: arrayOrCursor, keep: matchesDomain},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if _, set := doc["custom_client_ip_header"]; !set && storage.Text(doc, "type") == "self_managed_certs" {
				doc["custom_client_ip_header"] = nil
			}
			return doc, nil
		},
	}
}

// matchesDomain applies a query q=domain:NAME, in which NAME may end with an asterisk.
func matchesDomain(c *call, doc storage.Document) bool {
	wanted, ok := strings.CutPrefix(c.query.Get("q"), "domain:")
	if !ok {
		return true
	}
	if start, wild := strings.CutSuffix(wanted, "*"); wild {
		return strings.HasPrefix(storage.Text(doc, "domain"), start)
	}
	return storage.Text(doc, "domain") == wanted
}

func customDomainOperations() []operation {
	return []operation{
		{http.MethodGet, "/custom-domains/default", []string{"read:custom_domains"}, defaultDomain},
		{http.MethodPatch, "/custom-domains/default", []string{"update:custom_domains"}, setDefaultDomain},
		{http.MethodPost, "/custom-domains/{id}/verify", []string{"create:custom_domains"}, verifyDomain},
	}
}

// defaultDomain responds with the custom domain that is the default, or else with the
// tenant's own host name, Auth0:
// customize/custom-domains/multiple-custom-domains/default-domain.
//
//auth0:operation GET /api/v2/custom-domains/default
func defaultDomain(c *call) error {
	answer := storage.Document{"domain": c.services().Host()}
	err := c.view(func(tx *storage.Tx) error {
		for doc, err := range tx.Documents(resource.CustomDomains.Name, "").All() {
			if err != nil {
				return err
			}
			if doc["is_default"] == true {
				answer = doc
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, answer)
}

// setDefaultDomain makes a verified custom domain the default, or the tenant's own host
// name again.
//
//auth0:operation PATCH /api/v2/custom-domains/default
func setDefaultDomain(c *call) error {
	if err := c.readAs(resource.DefaultDomain, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return objects.SetDefaultDomain(ch, storage.Text(c.body, "domain"))
	})
}

//auth0:operation POST /api/v2/custom-domains/{id}/verify
func verifyDomain(c *call) error {
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		return objects.VerifyDomain(ch, c.param("id"))
	})
}
