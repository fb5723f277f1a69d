package objects

import (
	"slices"

	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Neglected lists the settings of an API or an application that tenant0 stores but that its tokens do not follow, one
// sentence for each. section is the section of a configuration that the object is in.
func Neglected(section string, doc storage.Document) (said []string) {
	possession, _ := doc["proof_of_possession"].(storage.Document)
	if section == "resourceServers" && possession["required"] == true || section == "clients" && doc["require_proof_of_possession"] == true {
		said = append(said, "that tokens are bound to a key is kept, and they are bearer's: tenant0 emulates neither DPoP nor mTLS")
	}
	if section == "resourceServers" && doc["token_encryption"] != nil {
		said = append(said, "token_encryption is kept, and tokens are not encrypted by tenant0")
	}
	return said
}

// tellNeglected adds a warning to the tenant's log for each such setting that the change of an object adds. old is the
// object before the change, nil for a new one.
func tellNeglected(o Collection, section, name string, doc, old storage.Document) {
	before := Neglected(section, old)
	for _, said := range Neglected(section, doc) {
		if !slices.Contains(before, said) {
			o.tell(tenantlog.Event{Type: tenantlog.LoginWarning, ClientID: o.Author.ClientID, Description: name + ": " + said})
		}
	}
}
