package providers

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/storage"
)

// What a simulated provider may do when somebody comes to it.
const (
	Allow        = "allow"
	Deny         = "deny"          // the person refuses
	Fail         = "fail"          // the provider breaks down
	WithoutEmail = "without_email" // the person logs in and keeps the address back
)

// Outcomes are all of them.
var Outcomes = []string{Allow, Deny, Fail, WithoutEmail}

// Known are the people whom every simulated provider knows from the start.
func Known(c storage.Connection) []storage.Person {
	var all []storage.Person
	domain := DomainOf(c)
	for _, who := range []struct{ given, family string }{{"Ada", "Lovelace"}, {"Grace", "Hopper"}} {
		email := strings.ToLower(who.given) + "@" + domain
		all = append(all, storage.Person{Connection: c.Name, ID: NewID(c, email), Profile: map[string]any{
			"email": email, "email_verified": true, "given_name": who.given, "family_name": who.family, "name": who.given + " " + who.family,
		}})
	}
	return all
}

// DomainOf is the domain of the people of a provider: that of the directory, or example.com.
func DomainOf(c storage.Connection) string {
	domain := ""
	if all := account.Domains(c); len(all) > 0 {
		domain = all[0]
	}
	return cmp.Or(strings.ToLower(domain), "example.com")
}

// People are those whom the simulated provider of a connection knows: those from the start, as they
// were changed since, and those that were made.
func People(tx *storage.Tx, c storage.Connection) ([]storage.Person, error) {
	all := Known(c)
	for p, err := range tx.People.By("connection", c.Name) {
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(all, func(known storage.Person) bool { return known.ID == p.ID }); i >= 0 {
			all[i] = p
		} else {
			all = append(all, p)
		}
	}
	return all, nil
}

// Find returns the person with an id or an e-mail address.
func Find(people []storage.Person, hint string) (storage.Person, bool) {
	if hint == "" {
		return storage.Person{}, false
	}
	for _, p := range people {
		if email, _ := p.Profile["email"].(string); p.ID == hint || strings.EqualFold(email, hint) {
			return p, true
		}
	}
	return storage.Person{}, false
}

// Seed is what the id of a person is made of who has none.
func Seed(profile map[string]any) string {
	for _, name := range []string{"email", "nickname", "name"} {
		if text, _ := profile[name].(string); text != "" {
			return text
		}
	}
	return keys.Random(8)
}

// NewID is an id in the form that the provider of a connection gives its people, the same for the
// same seed.
func NewID(c storage.Connection, seed string) string {
	sum := sha256.Sum256([]byte(c.Strategy + "\x01" + c.Name + "\x01" + seed))
	text := hex.EncodeToString(sum[:])
	number := binary.BigEndian.Uint64(sum[:8])
	switch c.Strategy {
	case "google-oauth2":
		return fmt.Sprintf("1%020d", number) // 21 digits
	case "facebook":
		return fmt.Sprintf("1%016d", number%1e16)
	case "github":
		return fmt.Sprintf("%d", 1_000_000+number%100_000_000)
	case "twitter":
		return fmt.Sprintf("1%018d", number%1e18)
	case "apple":
		return "00" + fmt.Sprintf("%04d", number%10_000) + "." + text[:32] + "." + fmt.Sprintf("%04d", number%2400)
	case "windowslive":
		return text[:16]
	case "linkedin":
		return text[:10]
	case "line":
		return "U" + text[:32]
	case "okta":
		return "00u" + text[:17]
	case "google-apps", "adfs", "samlp", "pingfederate":
		if strings.Contains(seed, "@") {
			return seed
		}
		return text[:20] + "@" + DomainOf(c)
	case "ad", "auth0-adldap", "waad":
		return text[:8] + "-" + text[8:12] + "-4" + text[13:16] + "-8" + text[17:20] + "-" + text[20:32]
	}
	return text[:24]
}
