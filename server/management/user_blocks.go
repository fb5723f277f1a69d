package management

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func userBlockOperations() []operation {
	return []operation{
		{http.MethodGet, "/user-blocks", []string{"read:users"}, blocksByIdentifier},
		{http.MethodDelete, "/user-blocks", []string{"update:users"}, unblockIdentifier},
		{http.MethodGet, "/user-blocks/{id}", []string{"read:users"}, blocksOfUser},
		{http.MethodDelete, "/user-blocks/{id}", []string{"update:users"}, unblockUser},
		{http.MethodGet, "/anomaly/blocks/ips/{id}", []string{"read:anomaly_blocks"}, blockOfIP},
		{http.MethodDelete, "/anomaly/blocks/ips/{id}", []string{"delete:anomaly_blocks"}, unblockIP},
	}
}

// blocksByIdentifier lists the blocks of the users who go by an address, a username
// or a phone number: those that wrong passwords led to.
//
//auth0:operation GET /api/v2/user-blocks
func blocksByIdentifier(c *call) error { return c.listBlocks(c.usersByIdentifier) }

//auth0:operation GET /api/v2/user-blocks/{id}
func blocksOfUser(c *call) error { return c.listBlocks(c.userOfPath) }

//auth0:operation DELETE /api/v2/user-blocks
func unblockIdentifier(c *call) error { return c.removeBlocks(c.usersByIdentifier) }

//auth0:operation DELETE /api/v2/user-blocks/{id}
func unblockUser(c *call) error { return c.removeBlocks(c.userOfPath) }

// userOfPath is the id of the user of the path.
func (c *call) userOfPath(tx *storage.Tx) ([]string, error) {
	return []string{c.param("id")}, objects.Users.Require(tx, c.param("id"))
}

// usersByIdentifier are the ids of the users whom the query names, in whatever
// connection.
func (c *call) usersByIdentifier(tx *storage.Tx) (ids []string, err error) {
	identifier := c.query.Get("identifier")
	if identifier == "" {
		return nil, invalidQuery("'Missing required property: identifier'")
	}
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
		if user.UserID != "" && !strings.EqualFold(user.Email, identifier) {
			ids = append(ids, user.UserID)
		}
	}
	if len(ids) == 0 {
		return nil, resource.Users.Missing
	}
	return ids, nil
}

func (c *call) listBlocks(users func(*storage.Tx) ([]string, error)) error {
	blocks := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		ids, err := users(tx)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if blocks, err = c.appendBlocks(tx, blocks, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, storage.Document{"blocked_for": blocks})
}

// appendBlocks adds what a user is blocked for.
func (c *call) appendBlocks(tx *storage.Tx, blocks []storage.Document, userID string) ([]storage.Document, error) {
	for f, err := range tx.LoginFailures.By("user", userID) {
		if err != nil {
			return nil, err
		}
		holds, err := account.BlockHolds(tx, f, c.now)
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
	return blocks, nil
}

func (c *call) removeBlocks(users func(*storage.Tx) ([]string, error)) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		ids, err := users(ch.Tx)
		if err != nil {
			return err
		}
		return objects.Unblock(ch, ids)
	})
}

// blockOfIP reports by its status whether an address has failed too often, where the tenant
// throttles such addresses.
//
//auth0:operation GET /api/v2/anomaly/blocks/ips/{id}
func blockOfIP(c *call) error {
	ip, err := c.addressOfPath()
	if err != nil {
		return err
	}
	blocked := false
	err = c.view(func(tx *storage.Tx) (err error) {
		blocked, err = account.AddressBlocked(tx, ip, c.now)
		return err
	})
	switch {
	case err != nil:
		return err
	case !blocked:
		return &apierr.Error{Status: http.StatusNotFound, Message: "The IP address is not blocked."}
	}
	return c.empty(http.StatusOK)
}

//auth0:operation DELETE /api/v2/anomaly/blocks/ips/{id}
func unblockIP(c *call) error {
	ip, err := c.addressOfPath()
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return account.UnblockAddress(ch.Tx, ip) })
}

// addressOfPath is the IP address that the path names, in the form in which addresses are counted.
func (c *call) addressOfPath() (string, error) {
	ip, err := netip.ParseAddr(c.param("id"))
	if err != nil {
		return "", invalidPath("'" + c.param("id") + " is no IP address' on property id")
	}
	return ip.String(), nil
}
