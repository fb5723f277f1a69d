package server_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/server/servertest"
)

var spa = servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback}

// as returns a login of a user with parameters in pairs of name and value.
func as(l servertest.Login, user string, params ...string) servertest.Login {
	l.Username, l.Params = user, url.Values{}
	for i := 0; i < len(params); i += 2 {
		l.Params.Set(params[i], params[i+1])
	}
	return l
}

func textOf(body map[string]any, name string) string {
	text, _ := body[name].(string)
	return text
}

var foreignKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func encoded(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// headerOf returns the header of a JWT.
func headerOf(token string) map[string]any {
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	var header map[string]any
	_ = json.Unmarshal(raw, &header)
	return header
}

// claimsOf returns the claims of a JWT.
func claimsOf(token string) map[string]any {
	raw, _ := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims map[string]any
	_ = json.Unmarshal(raw, &claims)
	return claims
}

// publicKey returns the tenant's published key with a key id, as PEM.
func (p *proving) publicKey(kid any) []byte {
	p.t.Helper()
	_, answer := p.send(http.MethodGet, p.URL+".well-known/jwks.json", nil)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(answer), &set); err != nil {
		p.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(set.Key(fmt.Sprint(kid))[0].Key)
	if err != nil {
		p.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// signedAnew signs given claims with another key or algorithm, as a JWT.
func signedAnew(p *proving, alg jose.SignatureAlgorithm, key any, claims map[string]any, kid any) string {
	p.t.Helper()
	opts := (&jose.SignerOptions{}).WithType("JWT")
	if kid != nil {
		opts = opts.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		p.t.Fatal(err)
	}
	raw, _ := json.Marshal(claims)
	jws, err := signer.Sign(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// jwtWays are the ways of a proof that is a JWT signed by the tenant.
var jwtWays = map[string]way{
	otherTenant: refused(func(p *proving, good string) string {
		if same := ofAnotherTenant(p, ""); p.place.accepts(p, same) {
			return same
		}
		key, err := foreignKey()
		if err != nil {
			p.t.Fatal(err)
		}
		return signedAnew(p, jose.RS256, key, claimsOf(good), headerOf(good)["kid"])
	}),
	changed: refused(func(p *proving, good string) string {
		parts, claims := strings.Split(good, "."), claimsOf(good)
		claims["exp"] = claims["exp"].(float64) + 1
		if wrong := parts[0] + "." + encoded(claims) + "." + parts[2]; p.place.accepts(p, wrong) {
			return wrong
		}
		if wrong := respelled(p, good); p.place.accepts(p, wrong) {
			return wrong
		}
		return parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))
	}),
	algNone: refused(func(p *proving, good string) string {
		header := headerOf(good)
		for _, alg := range []string{"None", "none"} {
			header["alg"] = alg
			if wrong := encoded(header) + "." + strings.Split(good, ".")[1] + "."; p.place.accepts(p, wrong) {
				return wrong
			}
		}
		return encoded(header) + "." + strings.Split(good, ".")[1] + "." + strings.Split(good, ".")[2]
	}),
	algHS256: refused(func(p *proving, good string) string {
		header := headerOf(good)
		key := p.publicKey(header["kid"])
		header["alg"] = "HS256"
		input := encoded(header) + "." + strings.Split(good, ".")[1]
		wrong := ""
		for _, secret := range [][]byte{key, nil} {
			mac := hmac.New(sha256.New, secret)
			mac.Write([]byte(input))
			if wrong = input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); p.place.accepts(p, wrong) {
				break
			}
		}
		return wrong
	}),
	notYet: refused(after(-time.Hour)),
}

// respelled tries other spellings of a JWT's bytes: with padding, in the other alphabet of base64, and with the bits of the
// last characters that mean nothing. It returns the first that the server accepts, or else the last.
func respelled(p *proving, good string) string {
	parts := strings.Split(good, ".")
	for i, part := range parts {
		for _, spelled := range []string{part + "=", part + "==", part + ".", strings.NewReplacer("-", "+", "_", "/").Replace(part)} {
			wrong := strings.Join(append(append(append([]string{}, parts[:i]...), spelled), parts[i+1:]...), ".")
			if wrong != good && p.place.accepts(p, wrong) {
				return wrong
			}
		}
	}
	return flipped(p, good)
}

const bearerReason = "whoever has it may use it, and as often as they like (RFC 6750)"

// accessToken returns a place that takes access tokens for an API of the server itself. The functions
// in foreign return tokens for something else, which it must refuse.
func accessToken(issue func(p *proving) string, accepts func(p *proving, token string) bool, user way, foreign ...func(p *proving) string) place {
	return place{issue, accepts, with(jwtWays, map[string]way{
		expired: refused(after(31 * 24 * time.Hour)),
		otherAudience: refused(func(p *proving, _ string) (wrong string) {
			p.apart(func() {
				tokens := p.logIn(as(spa, servertest.Employee))
				all := []string{textOf(tokens, "id_token"), textOf(tokens, "refresh_token")}
				for _, token := range foreign {
					all = append(all, token(p))
				}
				for _, wrong = range all {
					if wrong == "" {
						p.t.Error("there is no such token to try")
					}
					if accepts(p, wrong) {
						break
					}
				}
			})
			return wrong
		}),
		otherClient: never(bearerReason), otherUser: user, twice: accepted(bearerReason, used),
	})}
}

// account returns the employee's access token for the My Account API, and activates that API first.
func account(p *proving) string {
	audience, scopes := p.URL+"me/", []string{"read:me:authentication_methods"}
	if p.more["account"] == "" {
		p.more["account"] = p.api(http.MethodPost, "resource-servers", map[string]any{"name": "Auth0 My Account API", "identifier": audience}, "id")
		p.api(http.MethodPost, "client-grants", map[string]any{"client_id": servertest.SPA, "audience": audience, "subject_type": "user", "scope": scopes}, "id")
	}
	return textOf(p.logIn(as(spa, servertest.Employee, "audience", audience, "scope", "openid "+scopes[0])), "access_token")
}

func tokensAndCodes() map[string]place {
	cron := func(p *proving) string {
		_, body := p.Token(p.browser, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret}, "audience": {servertest.API},
		})
		return textOf(body, "access_token")
	}
	manager := refused(func(p *proving, _ string) (token string) {
		p.apart(func() {
			token = textOf(p.logIn(as(spa, servertest.Manager, "audience", p.URL+"api/v2/", "scope", "openid read:current_user read:users")), "access_token")
		})
		return token
	})
	userinfo := func(p *proving, token string) bool { return p.get(p.URL+"userinfo", token) == http.StatusOK }
	own := never("it shows its own user and no other")
	opaque := func(p *proving) string {
		return textOf(p.logIn(as(spa, servertest.Employee, "audience", "")), "access_token")
	}
	return map[string]place{
		"access token at the Management API": accessToken(
			func(p *proving) string { return p.token(p.URL + "api/v2/") },
			func(p *proving, token string) bool {
				return p.get(p.URL+"api/v2/users/"+employeeID, token) == http.StatusOK
			},
			manager, cron, opaque,
		),
		"access token at the API of the Authorization Extension": accessToken(
			func(p *proving) string { return p.token("urn:auth0-authz-api") },
			func(p *proving, token string) bool {
				return p.get(p.URL+"extensions/authorization/api/groups", token) == http.StatusOK
			},
			never("users get no token for it: a login is denied with no_end_users"), cron, opaque,
		),
		"access token at userinfo": accessToken(
			func(p *proving) string { return textOf(p.logIn(as(spa, servertest.Employee)), "access_token") },
			userinfo, own, cron,
		),
		"access token at the My Account API": accessToken(
			account, func(p *proving, token string) bool {
				return p.get(p.URL+"me/v1/authentication-methods", token) == http.StatusOK
			},
			own, cron, opaque, func(p *proving) string { return p.token(p.URL + "api/v2/") },
		),
		"opaque access token at userinfo": {opaque, userinfo, with(noJWT, map[string]way{
			expired:       refused(after(25 * time.Hour)),
			otherAudience: never("opaque tokens are for userinfo alone"),
			otherClient:   never(bearerReason), otherUser: own, twice: accepted(bearerReason, used),
		})},
		"refresh token":      refreshTokens(),
		"authorization code": codes(),
		"session cookie":     sessions(),
		"client assertion":   assertions(),
	}
}

func refreshTokens() place {
	exchange := func(p *proving, client, token string) bool {
		status, body := p.Token(p.browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}})
		p.more["next"] = textOf(body, "refresh_token")
		return status == http.StatusOK
	}
	return place{
		func(p *proving) string { return textOf(p.logIn(as(spa, servertest.Employee)), "refresh_token") },
		func(p *proving, token string) bool { return exchange(p, servertest.SPA, token) },
		with(noJWT, map[string]way{
			expired: spent(after(31 * 24 * time.Hour)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, _ string) (wrong string) {
				p.apart(func() { wrong = textOf(p.logIn(as(spa, servertest.Employee)), "access_token") })
				return wrong
			}),
			otherClient: refused(func(p *proving, good string) string {
				if exchange(p, servertest.Mobile, good) {
					return good
				}
				return ""
			}),
			otherUser: never("it is its own user's, and no user comes with it"),
			twice:     spent(used),
		}),
	}
}

func codes() place {
	redeem := func(p *proving, form url.Values, code string) bool {
		form.Set("code", code)
		status, _ := p.Token(p.browser, form)
		return status == http.StatusOK
	}
	return place{
		func(p *proving) string {
			result := p.Login(p.browser, as(spa, servertest.Employee))
			p.more["form"] = result.Form().Encode()
			return result.Get("code")
		},
		func(p *proving, code string) bool {
			form, _ := url.ParseQuery(p.more["form"])
			return redeem(p, form, code)
		},
		with(noJWT, map[string]way{
			expired: spent(after(11 * time.Minute)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, good string) string {
				form, _ := url.ParseQuery(p.more["form"])
				form.Set("redirect_uri", "http://localhost:3000")
				if redeem(p, form, good) {
					return good
				}
				return ""
			}),
			otherClient: refused(func(p *proving, good string) string {
				form, _ := url.ParseQuery(p.more["form"])
				form.Set("client_id", servertest.Mobile)
				if redeem(p, form, good) {
					return good
				}
				return ""
			}),
			otherUser: refused(func(p *proving, _ string) (wrong string) {
				own := p.more["form"]
				p.apart(func() { wrong = p.place.issue(p) }) // with the verifier of its own login it would be good
				p.more["form"] = own
				return wrong
			}),
			twice: spent(used),
		}),
	}
}

func sessions() place {
	return place{
		func(p *proving) string {
			p.logIn(as(spa, servertest.Employee))
			return p.cookie("auth0")
		},
		func(p *proving, cookie string) bool {
			target, _ := p.AuthorizeURL(as(spa, "", "prompt", "none"))
			rq, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, target, http.NoBody)
			if err != nil {
				p.t.Fatal(err)
			}
			rq.AddCookie(&http.Cookie{Name: "auth0", Value: cookie})
			bare := *p.Client()
			bare.Jar = nil
			resp, err := bare.Do(rq)
			if err != nil {
				p.t.Fatal(err)
			}
			defer resp.Body.Close()
			return strings.Contains(resp.Header.Get("Location"), "code=")
		},
		with(noJWT, map[string]way{
			expired: spent(after(73 * time.Hour)), // gone by then, as sweeps take it away
			otherAudience: refused(func(p *proving, _ string) string {
				return p.cookie("did")
			}),
			otherClient: never("a session is for all applications of the tenant"),
			otherUser:   never("it is its own user's, and no user comes with it"),
			twice:       accepted("a session is for all logins of its browser", used),
		}),
	}
}

// cookie returns a cookie of the browser: "auth0" holds its session, and "did" identifies the browser.
func (p *proving) cookie(name string) string {
	p.t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, cookie := range p.browser.Jar.Cookies(u) {
		if own, _, _ := strings.Cut(cookie.Name, "_"); own == name { // the names of other tenants' cookies end with the tenant's
			return cookie.Value
		}
	}
	p.t.Fatalf("the browser has no cookie %s", name)
	return ""
}

var clientKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// assertions: JWTs with which an application authenticates, RFC 7523.
func assertions() place {
	serial := 0
	claims := func(p *proving, change func(map[string]any)) map[string]any {
		serial++
		c := map[string]any{
			"iss": p.more["client"], "sub": p.more["client"], "aud": p.URL, "jti": fmt.Sprint("jti-", serial), "iat": noon.Unix(), "exp": noon.Unix() + 60,
		}
		if change != nil {
			change(c)
		}
		return c
	}
	sign := func(p *proving, change func(map[string]any)) string {
		key, err := clientKey()
		if err != nil {
			p.t.Fatal(err)
		}
		return signedAnew(p, jose.RS256, key, claims(p, change), nil)
	}
	swapped := with(jwtWays, nil)
	swapped[algHS256] = refused(func(p *proving, good string) string {
		key, err := clientKey()
		if err != nil {
			p.t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			p.t.Fatal(err)
		}
		secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		return signedAnew(p, jose.HS256, secret, claimsOf(good), nil)
	})
	return place{
		func(p *proving) string {
			if p.more["client"] == "" {
				p.more["client"] = p.clientWithKey()
			}
			return sign(p, nil)
		},
		func(p *proving, assertion string) bool {
			status, _ := p.Token(p.browser, url.Values{
				"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_assertion": {assertion},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			})
			return status == http.StatusOK
		},
		with(swapped, map[string]way{
			expired: refused(after(6 * time.Minute)),
			otherAudience: refused(func(p *proving, _ string) string {
				return sign(p, func(c map[string]any) { c["aud"] = "https://else.example/" })
			}),
			otherClient: refused(func(p *proving, _ string) string {
				return sign(p, func(c map[string]any) { c["iss"], c["sub"] = servertest.Cron, servertest.Cron })
			}),
			otherUser: never("it is an application's, and no user's"),
			twice:     spent(used),
		}),
	}
}

// clientWithKey creates an application that authenticates with a key, and returns its client_id.
func (p *proving) clientWithKey() string {
	p.t.Helper()
	key, err := clientKey()
	if err != nil {
		p.t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		p.t.Fatal(err)
	}
	id := p.api(http.MethodPost, "clients", map[string]any{
		"name": "Signing", "app_type": "non_interactive", "grant_types": []string{"client_credentials"},
		"client_authentication_methods": map[string]any{"private_key_jwt": map[string]any{"credentials": []any{map[string]any{
			"credential_type": "public_key", "name": "first", "pem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		}}}},
	}, "client_id")
	p.api(http.MethodPost, "client-grants", map[string]any{"client_id": id, "audience": servertest.API, "scope": []string{"batch:upload"}}, "")
	return id
}
