package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// OrganizationConnections are the connections that an organization has enabled.
var OrganizationConnections = declare(&Kind{
	Kind: resource.OrganizationConnections, Owner: Organizations, refers: []reference{by("connection_id", Connections)}, before: checkOrganizationConnection,
})

// enableConnections adds the connections that were sent with a new organization.
func enableConnections(o Collection, doc, old storage.Document) error {
	if old != nil {
		return nil
	}
	id := storage.Text(doc, "id")
	added := DocumentStoreOf(o.Tx, resource.OrganizationConnections, id)
	sent, _ := o.sent["enabled_connections"].([]any)
	for _, item := range sent {
		entry, _ := item.(storage.Document)
		if err := completeAddition(o.Tx, entry); err != nil {
			return err
		}
		resource.OrganizationConnections.Fill(entry, o.Now)
		if err := added.Put(entry); err != nil {
			return err
		}
	}
	return nil
}

// checkOrganizationConnection checks a connection that an organization adds or changes.
func checkOrganizationConnection(o Collection, doc, old storage.Document) error {
	if old != nil {
		return checkSignup(doc)
	}
	if _, err := o.Store.Document(storage.Text(doc, "connection_id")); err == nil {
		return resource.OrganizationConnections.Taken
	}
	return completeAddition(o.Tx, doc)
}

// completeAddition checks and completes a connection that is added. Only database
// connections get the setting for sign-ups.
func completeAddition(tx *storage.Tx, doc storage.Document) error {
	connection, err := tx.Connections.Document(storage.Text(doc, "connection_id"))
	if storage.IsNotFound(err) {
		return resource.OrganizationConnections.Missing
	}
	if err != nil {
		return err
	}
	if _, sent := doc["is_signup_enabled"]; !sent && storage.Text(connection, "strategy") == storage.DatabaseStrategy {
		doc["is_signup_enabled"] = false
	}
	return checkSignup(doc)
}

// checkSignup returns an error if sign-ups are enabled but new users would not become
// members.
func checkSignup(doc storage.Document) error {
	if doc["is_signup_enabled"] == true && doc["assign_membership_on_login"] != true {
		return resource.InvalidBody("Only database connections with assign_membership_on_login = true support is_signup_enabled = true.")
	}
	return nil
}
