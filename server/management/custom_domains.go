package management

import (
	"net/http"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// customDomains is Auth0: api/management/v2/custom-domains. They are kept; the
// tenant answers to their names, always as its one issuer.
//
//auth0:operation GET /api/v2/custom-domains
//auth0:operation POST /api/v2/custom-domains
//auth0:operation GET /api/v2/custom-domains/{id}
//auth0:operation PATCH /api/v2/custom-domains/{id}
//auth0:operation DELETE /api/v2/custom-domains/{id}
func customDomains() served {
	return served{
		kind: resource.CustomDomains, path: "/custom-domains", scope: "custom_domains", verbs: "list create get patch delete",
		keep:   func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.CustomDomains, ""), nil },
		list:   listing{key: "custom_domains", style: arrayOrCursor, keep: matchesDomain},
		before: describeDomain,
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if _, set := doc["custom_client_ip_header"]; !set && text(doc, "type") == "self_managed_certs" {
				doc["custom_client_ip_header"] = nil
			}
			return doc, nil
		},
	}
}

// matchesDomain applies q=domain:name, where the name may end in an asterisk.
func matchesDomain(c *call, doc storage.Document) bool {
	wanted, ok := strings.CutPrefix(c.query.Get("q"), "domain:")
	if !ok {
		return true
	}
	if start, wild := strings.CutSuffix(wanted, "*"); wild {
		return strings.HasPrefix(text(doc, "domain"), start)
	}
	return text(doc, "domain") == wanted
}

// describeDomain adds the DNS record that would verify a new domain.
func describeDomain(c *call, tx *storage.Tx, doc, old storage.Document) error {
	if old != nil {
		return nil
	}
	if _, sent := doc["tls_policy"]; !sent {
		doc["tls_policy"] = "recommended"
	}
	first := true
	for _, err := range tx.Documents(resource.CustomDomains.Name, "").All() {
		if err != nil {
			return err
		}
		first = false
		break
	}
	doc["primary"] = first
	id := resource.CustomDomains.NewID()
	doc["custom_domain_id"] = id
	domain := text(doc, "domain")
	method := storage.Document{"name": "TXT", "record": resource.UUID(), "domain": "_cf-custom-hostname." + domain}
	if text(doc, "type") == "auth0_managed_certs" {
		method = storage.Document{"name": "CNAME", "record": c.originOf(id), "domain": domain}
	}
	doc["verification"] = storage.Document{"methods": []any{method}}
	return nil
}

// originOf is the name at Auth0 that a custom domain is an alias of.
func (c *call) originOf(id string) string {
	return c.tenantName() + "-" + strings.ReplaceAll(strings.ToLower(id), "_", "-") + ".edge.tenants.us.auth0.com"
}

func customDomainOperations() []operation {
	return []operation{
		{http.MethodGet, "/custom-domains/default", []string{"read:custom_domains"}, defaultDomain},
		{http.MethodPatch, "/custom-domains/default", []string{"update:custom_domains"}, setDefaultDomain},
		{http.MethodPost, "/custom-domains/{id}/verify", []string{"create:custom_domains"}, verifyDomain},
	}
}

// defaultDomain is the tenant's own name until a custom domain takes its place,
// Auth0: customize/custom-domains/multiple-custom-domains/default-domain.
//
//auth0:operation GET /api/v2/custom-domains/default
func defaultDomain(c *call) error {
	answer := storage.Document{"domain": c.host()}
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

var defaultDomainBody = &resource.Kind{Fields: resource.Fields{"domain": {Type: resource.String, Required: true, Min: 1}}}

// setDefaultDomain makes a custom domain that is verified the default, or the
// tenant's own name again.
//
//auth0:operation PATCH /api/v2/custom-domains/default
func setDefaultDomain(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := defaultDomainBody.Check(c.body, resource.Create); err != nil {
		return err
	}
	wanted := text(c.body, "domain")
	answer := storage.Document{"domain": wanted}
	err := c.update(func(tx *storage.Tx) error {
		st := c.plain(tx, resource.CustomDomains, "")
		docs, err := c.collect(st.All(), listing{})
		if err != nil {
			return err
		}
		known := wanted == c.host()
		for _, doc := range docs {
			chosen := text(doc, "domain") == wanted
			if chosen && doc["status"] != "ready" {
				return resource.InvalidBody("The domain must be verified before it can be set as default.")
			}
			doc["is_default"], doc["primary"] = chosen, chosen
			if err := st.Put(doc); err != nil {
				return err
			}
			if chosen {
				known, answer = true, doc
			}
		}
		if !known {
			return resource.CustomDomains.Missing
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, answer)
}

// certificateLifetime is how long Auth0's certificates for custom domains are
// good, which are Let's Encrypt's.
const certificateLifetime = 90 * 24 * time.Hour

// verifyDomain finds every domain verified: there is no DNS here that could say
// otherwise. What verifies a domain of self-managed certificates for the first
// time is told the key for its proxy.
//
//auth0:operation POST /api/v2/custom-domains/{id}/verify
func verifyDomain(c *call) error {
	s := customDomains()
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) error {
		domains, err := s.objects(c, tx)
		if err != nil {
			return err
		}
		if doc, err = domains.Find(c.param("id")); err != nil {
			return err
		}
		first := doc["status"] != "ready"
		c.setVerified(doc)
		if err := domains.Put(doc); err != nil {
			return err
		}
		if first && text(doc, "type") == "self_managed_certs" {
			doc["cname_api_key"] = resource.ProxyKey()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, doc)
}

func (c *call) setVerified(doc storage.Document) {
	doc["status"] = "ready"
	doc["origin_domain_name"] = c.originOf(text(doc, "custom_domain_id"))
	verification, _ := doc["verification"].(storage.Document)
	verification["status"], verification["last_verified_at"] = "verified", resource.Time(c.now)
	if text(doc, "type") == "auth0_managed_certs" {
		doc["certificate"] = storage.Document{
			"status": "provisioned", "certificate_authority": "letsencrypt", "renews_before": resource.Time(c.now.Add(certificateLifetime)),
		}
	}
}
