package providers

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Native is how people log in by the SDK of a social network on their phone: the app brings what the SDK
// has given it to the token endpoint. Auth0: authenticate/login/native-login.
type Native struct {
	// Name is that of the network in native_social_login of an application.
	Name string
	// Strategy is that of the connection which leads to the network.
	Strategy string
	// Type is the subject_token_type of what the SDK gives.
	Type string
	// Lifetime is how long that is good. Once says that it is good once, and for one app alone.
	Lifetime time.Duration
	Once     bool
}

// natives are all of them. The lifetimes are the networks' own.
var natives = []Native{
	{Name: "apple", Strategy: "apple", Type: "http://auth0.com/oauth/token-type/apple-authz-code", Lifetime: 5 * time.Minute, Once: true},
	{Name: "facebook", Strategy: "facebook", Type: "http://auth0.com/oauth/token-type/facebook-info-session-access-token", Lifetime: 60 * 24 * time.Hour},
	{Name: "google", Strategy: "google-oauth2", Type: "http://auth0.com/oauth/token-type/google-id-token", Lifetime: time.Hour},
}

// NativeByType finds one by its subject_token_type.
func NativeByType(kind string) (Native, bool) {
	return native(func(n Native) bool { return n.Type == kind })
}

// NativeByStrategy finds one by the strategy of its connection.
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

// AudienceOf is what the provider of a connection calls the tenant: a simulated one of a connection
// without a client_id by a name of its own.
func AudienceOf(c storage.Connection) string {
	if id := storage.Text(c.Options, "client_id"); id != "" {
		return id
	}
	return "simulated-" + c.Name
}

// googleIssuer is who Google's ID tokens are from.
const googleIssuer = "https://accounts.google.com"

// NewSubjectToken makes what the SDK of a simulated provider gives the app of an application for a
// person, with the record to keep of it. sign signs an ID token of its claims.
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

// AppProfile is what an app tells of a person beside the token of a network's SDK, as Apple's and
// Facebook's give it to the app and to nobody else: user_profile of the request.
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

// ofApp are the members of a profile that an app may tell of a person.
var ofApp = []string{
	"age_range", "birthday", "email", "family_name", "first_name", "gender", "given_name", "hometown", "last_name", "link", "locale",
	"location", "middle_name", "name", "nickname", "picture",
}

// ReadNative makes an account of what a network has proved of a person by a token of its SDK, and of what the
// app has told. Auth0 believes Apple the address and the app the name; Facebook's token proves the id
// alone, so that the address of the app does not count as verified: authenticate/identity-providers/
// social-identity-providers/facebook-native.
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
		delete(who.Profile, "nickname") // nobody has said anything of one, and what was said before stays
	}
	return who
}
