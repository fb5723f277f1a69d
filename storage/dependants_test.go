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
