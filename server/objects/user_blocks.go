package objects

import (
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// UsersByIdentifier returns the ids of the users of all connections who have an e-mail address,
// a username or a phone number, or a linked account that has it, Auth0: api/management/v2/user-blocks.
func UsersByIdentifier(tx *storage.Tx, identifier string) (ids []string, err error) {
	for user, err := range tx.Users.By("email", strings.ToLower(identifier)) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, user.UserID)
	}
	for conn, err := range tx.Connections.All() {
		if err != nil {
			return nil, err
		}
		user, err := tx.UserByLogin(conn.Name, identifier)
		if err := storage.Optional(err); err != nil {
			return nil, err
		}
		if user.UserID != "" && !slices.Contains(ids, user.UserID) {
			ids = append(ids, user.UserID)
		}
	}
	if len(ids) == 0 {
		return nil, resource.Users.Missing
	}
	return ids, nil
}

// BlocksOf returns the blocks of users at a time. Each block has the identifier with which wrong
// passwords were tried, and the IP address of the attempts if they are counted for each address.
func BlocksOf(tx *storage.Tx, users []string, now time.Time) ([]storage.Document, error) {
	blocks := []storage.Document{}
	for _, id := range users {
		for f, err := range tx.LoginFailures.By("user", id) {
			if err != nil {
				return nil, err
			}
			holds, err := account.BlockHolds(tx, f, now)
			if err != nil {
				return nil, err
			}
			if !holds {
				continue
			}
			block := storage.Document{"identifier": f.Identifier, "connection": f.Connection}
			if f.IP != "" {
				block["ip"] = f.IP
			}
			blocks = append(blocks, block)
		}
	}
	return blocks, nil
}
