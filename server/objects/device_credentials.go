package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Device credentials are public keys of users' devices.
var _ = declare(&Kind{Kind: resource.DeviceCredentials, refers: []reference{by("user_id", Users), byUnlinked("client_id", Clients)}})

// CreateDeviceCredential stores a public key for the requesting user. It completes sent,
// which becomes the credential. Auth0: api/management/v2/device-credentials.
func CreateDeviceCredential(ch *Change, sent storage.Document) error {
	user := ch.Author.UserID
	sent["user_id"] = user
	if storage.Text(sent, "client_id") == "" {
		sent["client_id"] = ch.Author.ClientID
	}
	resource.DeviceCredentials.Fill(sent, ch.Now)
	err := ch.Tx.Documents(resource.DeviceCredentials.Name, "").Put(storage.Write{
		ID: storage.Text(sent, "id"), Document: sent, Links: linksOf(resource.DeviceCredentials, "", sent),
		Unique: []string{key(user, storage.Text(sent, "client_id"), storage.Text(sent, "device_id"))},
	})
	if storage.IsConflict(err) {
		return resource.DeviceCredentials.Taken.With(err)
	}
	return err
}

// DeleteDeviceCredential deletes a public key, or revokes a refresh token, with this id.
// It is no error if there is neither. allow returns an error if the author may not delete
// what belongs to an owner.
func DeleteDeviceCredential(ch *Change, id string, allow func(owner string) error) error {
	known := ch.Tx.Documents(resource.DeviceCredentials.Name, "")
	doc, err := known.Document(id)
	if err == nil {
		if err := allow(storage.Text(doc, "user_id")); err != nil {
			return err
		}
		return known.Delete(id)
	}
	if !storage.IsNotFound(err) {
		return err
	}
	token, err := ch.Tx.RefreshTokens.Get(id)
	if err != nil {
		return storage.Optional(err)
	}
	if err := allow(token.Issue.UserID); err != nil {
		return err
	}
	return ch.Tx.RevokeGrant(id, ch.Now)
}
