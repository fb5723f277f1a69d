package objects

import (
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// CustomDomains are the tenant's custom domains, Auth0: api/management/v2/custom-domains. The tenant answers
// requests to these host names too, but its issuer is always the same.
var CustomDomains = declare(&Kind{Kind: resource.CustomDomains, before: describeDomain})

// describeDomain adds the DNS record with which the owner would verify a new domain.
func describeDomain(o Collection, doc, old storage.Document) error {
	if err := checkDomain(doc); err != nil || old != nil {
		return err
	}
	if _, sent := doc["tls_policy"]; !sent && storage.Text(doc, "type") == "auth0_managed_certs" {
		doc["tls_policy"] = "recommended"
	}
	first := true
	for _, err := range o.Tx.Documents(resource.CustomDomains.Name, "").All() {
		if err != nil {
			return err
		}
		first = false
		break
	}
	doc["primary"] = first
	id := resource.CustomDomains.NewID()
	doc["custom_domain_id"] = id
	domain := storage.Text(doc, "domain")
	method := storage.Document{"name": "TXT", "record": resource.UUID(), "domain": "_cf-custom-hostname." + domain}
	if storage.Text(doc, "type") == "auth0_managed_certs" {
		method = storage.Document{"name": "CNAME", "record": originOf(o.Services, id), "domain": domain}
	}
	doc["verification"] = storage.Document{"methods": []any{method}}
	return nil
}

// checkDomain returns an error for settings that a domain of its type cannot have, and for a relying party
// identifier that does not fit the domain (Web Authentication section 5.1.2).
func checkDomain(doc storage.Document) error {
	managed := storage.Text(doc, "type") == "auth0_managed_certs"
	switch party := storage.Text(doc, "relying_party_identifier"); {
	case !managed && doc["tls_policy"] != nil:
		return resource.InvalidBody("The 'tls_policy' cannot be set on self_managed domains")
	case managed && storage.Text(doc, "custom_client_ip_header") != "":
		return resource.InvalidBody("The 'custom_client_ip_header' cannot be set on auth0_managed domains")
	case party != "" && !isSuffix(party, storage.Text(doc, "domain")):
		return resource.InvalidBody("The 'relying_party_identifier' must be equal to or a registrable domain suffix of the domain.")
	}
	return nil
}

// isSuffix reports whether a name is the domain itself or one of its parent domains below the top level.
func isSuffix(name, domain string) bool {
	return name == domain || strings.Contains(name, ".") && strings.HasSuffix(domain, "."+name)
}

// originOf returns the host name at Auth0 that a custom domain would be an alias of.
func originOf(s Services, id string) string {
	return s.TenantName() + "-" + strings.ReplaceAll(strings.ToLower(id), "_", "-") + ".edge.tenants.us.auth0.com"
}

// certificateLifetime is the lifetime of Auth0's certificates for custom domains, which Let's Encrypt issues.
const certificateLifetime = 90 * 24 * time.Hour

// setVerified sets the members that Auth0 sets when it has verified a domain.
func setVerified(ch *Change, doc storage.Document) {
	doc["status"] = "ready"
	doc["origin_domain_name"] = originOf(ch.Services, storage.Text(doc, "custom_domain_id"))
	verification, _ := doc["verification"].(storage.Document)
	verification["status"], verification["last_verified_at"] = "verified", resource.Time(ch.Now)
	if storage.Text(doc, "type") == "auth0_managed_certs" {
		doc["certificate"] = storage.Document{
			"status": "provisioned", "certificate_authority": "letsencrypt", "renews_before": resource.Time(ch.Now.Add(certificateLifetime)),
		}
	}
}

// VerifyDomain marks a domain as verified without a check, since tenant0 has no DNS to ask. The first verification
// of a domain with self-managed certificates also returns the API key for its reverse proxy.
func VerifyDomain(ch *Change, id string) (storage.Document, error) {
	domains, err := CustomDomains.In(ch, "")
	if err != nil {
		return nil, err
	}
	doc, err := domains.Find(id)
	if err != nil {
		return nil, err
	}
	first := doc["status"] != "ready"
	setVerified(ch, doc)
	if err := domains.Put(doc); err != nil {
		return nil, err
	}
	if first && storage.Text(doc, "type") == "self_managed_certs" {
		doc["cname_api_key"] = resource.ProxyKey() // the key is not stored
	}
	return doc, nil
}

// SetDefaultDomain makes a verified custom domain the default, or the tenant's own host name again, Auth0:
// customize/custom-domains/multiple-custom-domains/default-domain. It returns the default domain.
func SetDefaultDomain(ch *Change, name string) (storage.Document, error) {
	domains := DocumentStoreOf(ch.Tx, resource.CustomDomains, "")
	all, err := collect(domains.All())
	if err != nil {
		return nil, err
	}
	chosen, known := storage.Document{"domain": name}, name == ch.Host()
	for _, doc := range all {
		is := storage.Text(doc, "domain") == name
		if is && doc["status"] != "ready" {
			return nil, resource.InvalidBody("The domain must be verified before it can be set as default.")
		}
		doc["is_default"], doc["primary"] = is, is
		if err := domains.Put(doc); err != nil {
			return nil, err
		}
		if is {
			chosen, known = doc, true
		}
	}
	if !known {
		return nil, resource.CustomDomains.Missing
	}
	return chosen, nil
}
