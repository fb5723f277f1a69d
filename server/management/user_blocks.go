package management

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"

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

// blocksByIdentifier lists the blocks, after too many wrong passwords, of the users who have an
// e-mail address, a username or a phone number.
//
//auth0:operation GET /api/v2/user-blocks
func blocksByIdentifier(c *call) error { return c.listBlocks(c.usersByIdentifier) }

//auth0:operation GET /api/v2/user-blocks/{id}
func blocksOfUser(c *call) error { return c.listBlocks(c.userOfPath) }

//auth0:operation DELETE /api/v2/user-blocks
func unblockIdentifier(c *call) error { return c.removeBlocks(c.usersByIdentifier) }

//auth0:operation DELETE /api/v2/user-blocks/{id}
func unblockUser(c *call) error { return c.removeBlocks(c.userOfPath) }

// userOfPath returns the id of the user in the path.
func (c *call) userOfPath(tx *storage.Tx) ([]string, error) {
	return []string{c.param("id")}, objects.Users.Require(tx, c.param("id"))
}

// usersByIdentifier returns the ids of the users whom the query parameter identifier names.
func (c *call) usersByIdentifier(tx *storage.Tx) ([]string, error) {
	identifier := c.query.Get("identifier")
	if identifier == "" {
		return nil, invalidQuery("'Missing required property: identifier'")
	}
	return objects.UsersByIdentifier(tx, identifier)
}

// listBlocks lists the blocks of users. With consider_brute_force_enablement there are none while the protection is off
// or blocks nobody.
func (c *call) listBlocks(users func(*storage.Tx) ([]string, error)) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		ids, err := users(tx)
		if err != nil {
			return nil, err
		}
		blocks, err := objects.BlocksOf(tx, ids, c.now)
		if err != nil {
			return nil, err
		}
		if asked, _ := strconv.ParseBool(c.query.Get("consider_brute_force_enablement")); asked {
			protection, err := objects.Settings(tx, resource.BruteForceProtection, c.now)
			if err != nil {
				return nil, err
			}
			if shields, _ := protection["shields"].([]any); protection["enabled"] == false || !slices.Contains(shields, any("block")) {
				blocks = blocks[:0]
			}
		}
		return storage.Document{"blocked_for": blocks}, nil
	})
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

// blockOfIP reports whether an IP address is blocked after too many failures: 200 if it is, and
// 404 if it is not or the tenant does not throttle IP addresses.
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

// addressOfPath returns the IP address in the path, in the form in which failures are counted.
func (c *call) addressOfPath() (string, error) {
	ip, err := netip.ParseAddr(c.param("id"))
	if err != nil {
		return "", invalidPath("'" + c.param("id") + " is no IP address' on property id")
	}
	return ip.String(), nil
}
