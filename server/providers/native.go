package providers

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Native describes native social login with one network: the network's SDK on the phone gives the app a
// token, and the app sends it to the token endpoint. Auth0: authenticate/login/native-login.
type Native struct {
	// Name is the network's name in the application's setting native_social_login.
	Name string
	// Strategy is the strategy of the network's connection.
	Strategy string
	// Type is the subject_token_type of the token from the SDK.
	Type string
	// Lifetime is the lifetime of that token. Once says that the token can be used only once, and only by the
	// application that it was made for.
	Lifetime time.Duration
	Once     bool
}

// natives are the supported networks. The lifetimes are those that the networks themselves use.
var natives = []Native{
	{Name: "apple", Strategy: "apple", Type: "http://auth0.com/oauth/token-type/apple-authz-code", Lifetime: 5 * time.Minute, Once: true},
	{Name: "facebook", Strategy: "facebook", Type: "http://auth0.com/oauth/token-type/facebook-info-session-access-token", Lifetime: 60 * 24 * time.Hour},
	{Name: "google", Strategy: "google-oauth2", Type: "http://auth0.com/oauth/token-type/google-id-token", Lifetime: time.Hour},
}

// NativeByType finds a network by its subject_token_type.
func NativeByType(kind string) (Native, bool) {
	return native(func(n Native) bool { return n.Type == kind })
}

// NativeByStrategy finds a network by the strategy of its connection.
func NativeByStrategy(strategy string) (Native, bool) {
	return native(func(n Native) bool { return n.Strategy == strategy })
}

func native(is func(Native) bool) (Native, bool) {
	i := slices.IndexFunc(natives, is)
	if i < 0 {
		return Native{}, false
	}
	return natives[i], true
}

// AudienceOf returns the client_id by which a connection's provider knows the tenant. If the connection has
// no client_id, its provider is simulated, and the result is made from the connection's name.
func AudienceOf(c storage.Connection) string {
	if id := storage.Text(c.Options, "client_id"); id != "" {
		return id
	}
	return "simulated-" + c.Name
}

// googleIssuer is the issuer of Google's ID tokens.
const googleIssuer = "https://accounts.google.com"

// NewSubjectToken makes the token that a simulated network's SDK gives to an app for a person, and the record
// to store for it. sign signs the claims of an ID token.
func NewSubjectToken(n Native, c storage.Connection, p storage.Person, clientID string, now time.Time, sign func(claims []byte) (string, error)) (token string, kept storage.SubjectToken, err error) {
	kept = storage.SubjectToken{Kind: n.Type, Connection: c.Name, Audience: AudienceOf(c), Person: p.ID, Once: n.Once, ExpiresAt: now.Add(n.Lifetime)}
	switch n.Name {
	case "apple":
		token, kept.ClientID = "c"+keys.Random(24)+".0."+keys.Random(4)+"."+keys.Random(16), clientID
	case "facebook":
		token = "XAA" + keys.Random(48)
	default:
		claims := map[string]any{
			"iss": googleIssuer, "azp": clientID, "aud": kept.Audience, "sub": p.ID, "iat": now.Unix(), "exp": kept.ExpiresAt.Unix(), "jti": keys.Random(20),
		}
		for _, name := range []string{"email", "email_verified", "name", "given_name", "family_name", "picture", "hd"} {
			if value, ok := p.Profile[name]; ok {
				claims[name] = value
			}
		}
		payload, err := json.Marshal(claims)
		if err != nil {
			return "", kept, err
		}
		if token, err = sign(payload); err != nil {
			return "", kept, err
		}
	}
	kept.Hash = keys.Hash(token)
	return token, kept, nil
}

// AppProfile returns the user_profile that an app sends with the token of a network's SDK. Apple and Facebook
// give this data to the app only, not in the token.
func AppProfile(n Native, p storage.Person) map[string]any {
	text := func(name string) string { return storage.Text(p.Profile, name) }
	switch n.Name {
	case "apple":
		return map[string]any{"name": map[string]any{"firstName": text("given_name"), "lastName": text("family_name")}}
	case "facebook":
		said := map[string]any{}
		for _, name := range ofApp {
			if value, ok := p.Profile[name]; ok {
				said[name] = value
			}
		}
		return said
	}
	return nil
}

// ofApp are the profile members that are accepted from an app.
var ofApp = []string{
	"age_range", "birthday", "email", "family_name", "first_name", "gender", "given_name", "hometown", "last_name", "link", "locale",
	"location", "middle_name", "name", "nickname", "picture",
}

// ReadNative makes an account from what the token of a network's SDK proves of a person, and from the profile
// that the app has sent. Like Auth0, it takes the e-mail address from Apple's token but the name from the
// app. Facebook's token proves only the id, so the address from the app does not count as verified:
// authenticate/identity-providers/social-identity-providers/facebook-native.
func ReadNative(n Native, c storage.Connection, p storage.Person, told map[string]any) Account {
	said := map[string]any{}
	switch n.Name {
	case "facebook":
		for _, name := range ofApp {
			if value, ok := told[name]; ok {
				said[name] = value
			}
		}
		said["email_verified"] = false
	case "apple":
		for _, name := range []string{"email", "email_verified"} {
			if value, ok := p.Profile[name]; ok {
				said[name] = value
			}
		}
		name, _ := told["name"].(map[string]any)
		for from, to := range map[string]string{"firstName": "given_name", "lastName": "family_name"} {
			if text, _ := name[from].(string); text != "" {
				said[to] = text
			}
		}
	default:
		maps.Copy(said, p.Profile)
	}
	who := Read(c, p.ID, said)
	if said["email"] == nil && said["name"] == nil && said["nickname"] == nil {
		delete(who.Profile, "nickname") // no new nickname is known, so that of an earlier login stays
	}
	return who
}
