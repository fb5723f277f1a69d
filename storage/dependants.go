package storage

import (
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// When an object is deleted, everything that depends on it is deleted too, so that a new object with the same id
// does not inherit it. Deletions are rare, and an index costs every login a write: so dependants that no index finds
// are found by searching the stored text of all records of their kind for the id (Table.Mentioning).

// ForgetClient removes what users have in an application (tokens, logins, devices) and what the Authorization
// Extension stores about it. Sessions go on without it.
func (tx *Tx) ForgetClient(id string, now time.Time) error {
	if err := tx.end(clientEnding(id), now); err != nil {
		return err
	}
	if err := tx.endIssued(id, func(i Issue) bool { return i.ClientID == id }, now); err != nil {
		return err
	}
	if err := tx.endDevices(func(d Device) bool { return d.ClientID == id }, id); err != nil {
		return err
	}
	if err := tx.endLogins(func(t Transaction) bool {
		return t.Request().ClientID == id || t.Logout != nil && t.Logout.ClientID == id
	}, id); err != nil {
		return err
	}
	if err := change(tx.Sessions, tx.Sessions.Mentioning("", id), func(s *Session) bool { return remove(&s.Clients, is(id)) }); err != nil {
		return err
	}
	if err := change(tx.Tickets, tx.Tickets.Mentioning("", id), func(t *Ticket) bool {
		named := t.ClientID == id
		if named {
			t.ClientID = "" // the link still works and leads to the tenant's own page
		}
		return named
	}); err != nil {
		return err
	}
	return change(tx.Extension, tx.Extension.All(), func(e *Extension) bool { return e.forgetClient(id) })
}

// ForgetUsers removes what belongs to users: sessions, their tokens, links that were sent to them, counted login
// failures, and what the Authorization Extension gave them.
func (tx *Tx) ForgetUsers(ids []string, now time.Time) error {
	begun, err := tx.loginsBegun(ids)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for _, id := range ids {
		gone[id] = true
		if err := tx.forgetUser(id, now); err != nil {
			return err
		}
	}
	if err := tx.endUnfinished(func(i Issue) bool { return gone[i.UserID] }, ids...); err != nil {
		return err
	}
	if err := tx.endLogins(func(t Transaction) bool {
		return begun[t.StateHash] || gone[t.UserID] || t.Consent != nil && gone[t.Consent.UserID]
	}, slices.Concat(ids, slices.Collect(maps.Keys(begun)))...); err != nil {
		return err
	}
	return change(tx.Extension, tx.Extension.All(), func(e *Extension) bool {
		changed := false
		isGone := func(id string) bool { return gone[id] }
		for i := range e.Groups {
			changed = remove(&e.Groups[i].Members, isGone) || changed
		}
		for i := range e.Roles {
			changed = remove(&e.Roles[i].Users, isGone) || changed
		}
		return changed
	})
}

// forgetUser removes what an index finds of a user.
func (tx *Tx) forgetUser(id string, now time.Time) error {
	if err := tx.end(userEnding(id), now); err != nil {
		return err
	}
	if err := tx.DeleteSessions(id, AccountDeleted); err != nil {
		return err
	}
	if err := errors.Join(tx.endTokensOfGone(id, now), tx.endMFALoginsOf(id), tx.ForgetLoginFailures(id), tx.ForgetBrowsers(id)); err != nil {
		return err
	}
	for _, k := range []*table.Kind{tickets.Kind, passcodes.Kind, loginTickets.Kind, ceremonies.Kind, pushes.Kind} {
		if err := deleteOfUser(tx.records(k), id); err != nil {
			return err
		}
	}
	return nil
}

// loginsBegun returns the keys of the logins in which the users' sessions began.
func (tx *Tx) loginsBegun(users []string) (keys map[string]bool, err error) {
	keys = map[string]bool{}
	for _, id := range users {
		sessions, err := tx.SessionsOf(id)
		if err != nil {
			return nil, err
		}
		for _, s := range sessions {
			if s.BeganIn != "" {
				keys[s.BeganIn] = true
			}
		}
	}
	return keys, nil
}

// ForgetAPI removes what was granted for an API: tokens, and permissions of roles and
// of users.
func (tx *Tx) ForgetAPI(identifier string, now time.Time) error {
	if err := tx.endIssued(identifier, func(i Issue) bool { return i.Audience == identifier }, now); err != nil {
		return err
	}
	if err := tx.endLogins(func(t Transaction) bool { return t.Request().Audience == identifier }, identifier); err != nil {
		return err
	}
	if err := tx.endDevices(func(d Device) bool { return d.Audience == identifier }, identifier); err != nil {
		return err
	}
	of := func(p Permission) bool { return p.ResourceServerIdentifier == identifier }
	if err := change(tx.RolePermissions, tx.RolePermissions.Mentioning("", identifier), func(p *RolePermissions) bool { return remove(&p.Permissions, of) }); err != nil {
		return err
	}
	if err := change(tx.UserAccess, tx.UserAccess.Mentioning("", identifier), func(a *UserAccess) bool { return remove(&a.Permissions, of) }); err != nil {
		return err
	}
	return change(tx.Extension, tx.Extension.All(), func(e *Extension) bool {
		return remove(&e.TokenClaims, func(c TokenClaims) bool { return c.Audience == identifier })
	})
}

// ForgetOrganization removes tokens and logins under way of an organization.
func (tx *Tx) ForgetOrganization(id string, now time.Time) error {
	if err := tx.endIssued(id, func(i Issue) bool { return i.Organization == id }, now); err != nil {
		return err
	}
	return tx.endLogins(func(t Transaction) bool {
		offered := t.Organization != nil && slices.Contains(t.Organization.Offered, id)
		return offered || t.Asked.Organization == id || t.Request().Organization == id
	}, id)
}

// ForgetConnection removes what refers to the connection with a name: logins under way that use it, and the
// Authorization Extension's mappings of its groups.
func (tx *Tx) ForgetConnection(name string) error {
	if err := tx.endLogins(func(t Transaction) bool {
		return t.Request().Connection == name || t.Upstream != nil && t.Upstream.Connection == name
	}, name); err != nil {
		return err
	}
	if err := tx.forgetProvider(name); err != nil {
		return err
	}
	return change(tx.Extension, tx.Extension.All(), func(e *Extension) bool {
		changed := false
		for i := range e.Groups {
			changed = remove(&e.Groups[i].Mappings, func(m ExtensionGroupMapping) bool { return m.ConnectionName == name }) || changed
		}
		return changed
	})
}

// ForgetRole removes a role from the invitations that would assign it.
func (tx *Tx) ForgetRole(id string) error {
	return change(tx.Entries, tx.Entries.Mentioning(InvitationsKind+"\x01", id), func(e *Entry) bool {
		doc, err := decodeDocument(*e)
		if err != nil {
			return false // the fault is reported when the document is read
		}
		roles, _ := doc["roles"].([]any)
		if !remove(&roles, func(role any) bool { return role == id }) {
			return false
		}
		doc["roles"] = roles
		e.Document, err = json.Marshal(doc)
		return err == nil
	})
}

// DeleteDocuments removes the documents of a kind, in any parent, that mention a value and meet a condition.
func (tx *Tx) DeleteDocuments(kind, value string, meets func(Document) bool) error {
	return deleteWhere(tx.Entries, tx.Entries.Mentioning(kind+"\x01", value), entries.KeyOf, func(e Entry) bool {
		doc, err := decodeDocument(e)
		return err == nil && meets(doc)
	})
}

// endIssued ends the grants whose Issue mentions a value and meets a condition: refresh tokens, the opaque access
// tokens of the same grants, and what endUnfinished ends.
func (tx *Tx) endIssued(value string, meets func(Issue) bool, now time.Time) error {
	ended, err := tx.RefreshTokensWhere(func(t RefreshToken) bool { return meets(t.Issue) }, value)
	if err != nil {
		return err
	}
	for _, id := range ended {
		has, err := tx.RefreshTokens.Has(id)
		if err == nil && has { // otherwise it ended with the one before
			err = tx.RevokeGrant(id, now)
		}
		if err != nil {
			return err
		}
	}
	if err := tx.endMFALogins(func(l MFALogin) bool { return meets(l.Issue) }, value); err != nil {
		return err
	}
	return tx.endUnfinished(meets, value)
}

// endTokensOfGone ends the refresh tokens of a deleted user. The holder of one can be told that the user was deleted.
func (tx *Tx) endTokensOfGone(userID string, now time.Time) error {
	held, err := tx.RefreshTokensOf(userID)
	if err != nil {
		return err
	}
	for _, t := range held {
		if err := tx.endRefreshToken(t.ID); err != nil {
			return err
		}
		if err := tx.RevokedGrants.Put(RevokedGrant{GrantID: t.ID, UserGone: t.Issue.ClientID, ExpiresAt: now.Add(opaqueLifetime)}); err != nil {
			return err
		}
	}
	return nil
}

// endUnfinished deletes the codes that were not redeemed, and the authorized devices that were not given their tokens,
// whose Issue mentions one of the values and meets a condition.
func (tx *Tx) endUnfinished(meets func(Issue) bool, values ...string) error {
	if err := tx.endDevices(func(d Device) bool { return d.Issue != nil && meets(*d.Issue) }, values...); err != nil {
		return err
	}
	return deleteWhere(tx.Codes, tx.Codes.Mentioning("", values...), codes.KeyOf, func(c Code) bool { return meets(c.Issue) })
}

// endDevices deletes the devices that mention one of the values and meet a condition, whether or not they were
// authorized.
func (tx *Tx) endDevices(meets func(Device) bool, values ...string) error {
	return deleteWhere(tx.Devices, tx.Devices.Mentioning("", values...), devices.KeyOf, meets)
}

// endLogins deletes the logins under way that mention one of the values and meet a condition.
func (tx *Tx) endLogins(meets func(Transaction) bool, values ...string) error {
	return deleteWhere(tx.Transactions, tx.Transactions.table.Mentioning("", values...), transactions.KeyOf, meets)
}

// deleteWhere deletes the records of a table that meet a condition.
func deleteWhere[T any](table interface{ Delete(key string) error }, records iter.Seq2[T, error], key func(T) string, meets func(T) bool) error {
	var doomed []string
	for v, err := range records {
		if err != nil {
			return err
		}
		if meets(v) {
			doomed = append(doomed, key(v))
		}
	}
	for _, key := range doomed {
		if err := table.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// change writes back those of a table's records for which fn returns true, which says that fn changed them.
func change[T any](table Table[T], records iter.Seq2[T, error], fn func(*T) bool) error {
	var changed []T
	for v, err := range records {
		if err != nil {
			return err
		}
		if fn(&v) {
			changed = append(changed, v)
		}
	}
	for _, v := range changed {
		if err := table.Put(v); err != nil {
			return err
		}
	}
	return nil
}

// remove takes the items that meet a condition out of a list, and reports whether it removed any.
func remove[T any](list *[]T, meets func(T) bool) bool {
	before := len(*list)
	*list = slices.DeleteFunc(*list, meets)
	return len(*list) < before
}

func is(id string) func(string) bool { return func(other string) bool { return other == id } }

// forgetClient removes an application's roles, its permissions, the roles from groups that grant them, and the
// settings of its tokens.
func (e *Extension) forgetClient(id string) bool {
	roles := map[string]bool{}
	for _, r := range e.Roles {
		if r.ApplicationID == id {
			roles[r.ID] = true
		}
	}
	changed := remove(&e.Roles, func(r ExtensionRole) bool { return r.ApplicationID == id })
	for i := range e.Groups {
		changed = remove(&e.Groups[i].Roles, func(role string) bool { return roles[role] }) || changed
	}
	changed = remove(&e.Permissions, func(p ExtensionPermission) bool { return p.ApplicationID == id }) || changed
	changed = remove(&e.ScopePolicies, func(p ScopePolicy) bool { return p.ClientID == id }) || changed
	return remove(&e.TokenClaims, func(c TokenClaims) bool { return c.ClientID == id }) || changed
}
