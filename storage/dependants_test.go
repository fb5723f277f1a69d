package storage_test

import (
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// TestLoginsOfAUserWhoIsDeleted: the logins in progress in which the user's session began, those that the user
// has answered, and those in which the user has consented end. Other logins go on.
func TestLoginsOfAUserWhoIsDeleted(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		for _, id := range []string{"ann", "bob"} {
			for state, change := range map[string]func(*storage.Transaction){
				"began in":    func(*storage.Transaction) {},
				"answered":    func(t *storage.Transaction) { t.UserID = id },
				"consented":   func(t *storage.Transaction) { t.Consent = &storage.ConsentAnswer{UserID: id} },
				"of somebody": func(*storage.Transaction) {},
			} {
				login := storage.Transaction{StateHash: id + " " + state, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
				change(&login)
				if err := tx.StartTransaction(login); err != nil {
					return err
				}
			}
			err := tx.StartSession(storage.Session{CookieHash: id, ID: id, UserID: id, BeganIn: id + " began in", ExpiresAt: noon.Add(time.Hour), IdleExpiresAt: noon.Add(time.Hour)}, "")
			if err != nil {
				return err
			}
		}
		return tx.ForgetUsers([]string{"ann"}, noon)
	})
	for state, there := range map[string]bool{
		"ann began in": false, "ann answered": false, "ann consented": false, "ann of somebody": true,
		"bob began in": true, "bob answered": true, "bob consented": true, "bob of somebody": true,
	} {
		s.view(func(tx *storage.Tx) error {
			has, err := tx.Transactions.Has(state)
			if err == nil && has != there {
				t.Errorf("%s: there is a login: %v", state, has)
			}
			return err
		})
	}
}

// TestWhatMentionsAnAPIThatIsDeleted: its tokens, logins and permissions end, also if its identifier is written
// otherwise in JSON, and those of APIs whose identifiers contain or continue it stay.
func TestWhatMentionsAnAPIThatIsDeleted(t *testing.T) {
	s := open(t)
	const api = `https://api.example/?a=1&b=<ü>"\`
	others := []string{api + "/more", "urn:" + api, "urn:other"}
	s.update(func(tx *storage.Tx) error {
		for n, audience := range append(others, api) {
			id := string(rune('a' + n))
			issue := storage.Issue{ClientID: "app", UserID: "auth0|" + id, Audience: audience}
			permissions := []storage.Permission{{PermissionName: "read", ResourceServerIdentifier: audience}}
			for _, err := range []error{
				tx.StartRefreshToken(storage.RefreshToken{ID: id, Issue: issue}),
				tx.Codes.Put(storage.Code{Hash: id, Issue: issue, ExpiresAt: noon}),
				tx.StartMFALogin(storage.MFALogin{Hash: id, Issue: issue, ExpiresAt: noon}),
				tx.StartTransaction(storage.Transaction{StateHash: id, Asked: storage.AuthorizeRequest{Audience: audience}, ExpiresAt: noon}),
				tx.RolePermissions.Put(storage.RolePermissions{RoleID: id, Permissions: permissions}),
				tx.UserAccess.Put(storage.UserAccess{UserID: id, Permissions: permissions}),
			} {
				if err != nil {
					return err
				}
			}
		}
		return tx.ForgetAPI(api, noon)
	})
	for n := range append(others, api) {
		id := string(rune('a' + n))
		s.view(func(tx *storage.Tx) error {
			role, err := tx.RolePermissions.Get(id)
			access, err2 := tx.UserAccess.Get(id)
			if err != nil || err2 != nil {
				t.Errorf("what %s may do: %v, %v", id, err, err2)
			}
			left := map[string]bool{"permissions of the role": len(role.Permissions) > 0, "permissions of the user": len(access.Permissions) > 0}
			for name, has := range map[string]func(string) (bool, error){
				"refresh token": tx.RefreshTokens.Has, "code": tx.Codes.Has, "login for a further factor": tx.MFALogins.Has, "login": tx.Transactions.Has,
			} {
				if left[name], err = has(id); err != nil {
					t.Error(err)
				}
			}
			for name, there := range left {
				if want := n < len(others); there != want {
					t.Errorf("of %s there is a %s: %v, want %v", id, name, there, want)
				}
			}
			return nil
		})
	}
}

// TestTheRefreshTokensOfManyUsersWhoAreDeleted end, and those of others stay. Their holders can be told why.
func TestTheRefreshTokensOfManyUsersWhoAreDeleted(t *testing.T) {
	s := open(t)
	var gone []string
	s.update(func(tx *storage.Tx) error {
		gone = nil
		for n := range 20 {
			id := userID(n)
			if n > 0 {
				gone = append(gone, id)
			}
			issue := storage.Issue{ClientID: "app", UserID: id}
			if err := tx.StartRefreshToken(storage.RefreshToken{ID: id, Issue: issue}); err != nil {
				return err
			}
			if err := tx.Codes.Put(storage.Code{Hash: id, Issue: issue, ExpiresAt: noon}); err != nil {
				return err
			}
		}
		return tx.ForgetUsers(gone, noon)
	})
	for n := range 20 {
		s.view(func(tx *storage.Tx) error {
			token, err := tx.RefreshTokens.Has(userID(n))
			code, err2 := tx.Codes.Has(userID(n))
			revoked, err3 := tx.RevokedGrants.Get(userID(n))
			if err != nil || err2 != nil || storage.Optional(err3) != nil || token != (n == 0) || code != (n == 0) || (revoked.UserGone == "app") != (n > 0) {
				t.Errorf("of user %d there is a refresh token: %v, a code: %v, and %+v: %v %v %v", n, token, code, revoked, err, err2, err3)
			}
			return nil
		})
	}
}
