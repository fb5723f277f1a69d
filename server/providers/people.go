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

// The outcomes that a login at a simulated provider can be made to have.
const (
	Allow        = "allow"
	Deny         = "deny"          // the person refuses the login
	Fail         = "fail"          // the provider answers with a server error
	WithoutEmail = "without_email" // the person logs in but does not share the e-mail address
)

// Outcomes lists all of them.
var Outcomes = []string{Allow, Deny, Fail, WithoutEmail}

// Known returns the people whom the simulated provider of a connection has from the start.
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

// DomainOf returns the e-mail domain of a provider's people: the first domain of the connection, or
// else example.com.
func DomainOf(c storage.Connection) string {
	domain := ""
	if all := account.Domains(c); len(all) > 0 {
		domain = all[0]
	}
	return cmp.Or(strings.ToLower(domain), "example.com")
}

// People lists the people of the simulated provider of a connection: those it has from the start,
// with later changes, and those that were added.
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

// Find returns the person whose id or e-mail address is hint, and false if there is none.
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

// Seed returns the text from which NewID makes an id for a person who has none.
func Seed(profile map[string]any) string {
	for _, name := range []string{"email", "nickname", "name"} {
		if text, _ := profile[name].(string); text != "" {
			return text
		}
	}
	return keys.Random(8)
}

// NewID returns an id in the format that the provider of a connection uses. The same seed always
// gives the same id.
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
