package storage

import "strings"

// CustomDomainsKind is the kind of the documents that describe the tenant's custom
// domains.
const CustomDomainsKind = "custom-domains"

// CustomDomain returns the custom domain with a name, ignoring case, or ErrNotFound.
func (tx *Tx) CustomDomain(name string) (Document, error) {
	for doc, err := range tx.Documents(CustomDomainsKind, "").All() {
		if err != nil {
			return nil, err
		}
		if domain, _ := doc["domain"].(string); strings.EqualFold(domain, name) {
			return doc, nil
		}
	}
	return nil, ErrNotFound
}
