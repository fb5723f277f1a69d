package tenantfile

import (
	"strings"
)

// IssuerPlaceholder stands in a tenant file for the issuer of the server that reads it, trailing slash included, so
// that ${issuer}api/v2/ is the identifier of the server's own Management API. [Tenant.WithIssuer] replaces it.
const IssuerPlaceholder = "${issuer}"

// WithIssuer returns a copy of the tenant with the issuer in place of every [IssuerPlaceholder].
func (t *Tenant) WithIssuer(issuer string) *Tenant {
	expand := func(docs []Document) []Document {
		var out []Document
		for _, doc := range docs {
			out = append(out, ReplaceIssuer(doc, issuer).(Document))
		}
		return out
	}
	settings, _ := ReplaceIssuer(t.Settings, issuer).(Document)
	further, _ := ReplaceIssuer(t.Further, issuer).(Document)
	return &Tenant{
		Settings:               settings,
		Clients:                expand(t.Clients),
		ResourceServers:        expand(t.ResourceServers),
		Databases:              expand(t.Databases),
		Connections:            expand(t.Connections),
		ClientGrants:           expand(t.ClientGrants),
		Roles:                  expand(t.Roles),
		Users:                  expand(t.Users),
		SimulatedProviders:     expand(t.SimulatedProviders),
		AuthorizationExtension: t.AuthorizationExtension.withIssuer(issuer),
		Further:                further,
		Warnings:               append([]string(nil), t.Warnings...),
		Positions:              t.Positions,
	}
}

// withIssuer returns a copy of the extension with the issuer in place of the placeholder, which only claims can
// contain.
func (e *Extension) withIssuer(issuer string) *Extension {
	if e == nil {
		return nil
	}
	fixed := func(sources map[string]ClaimSource) map[string]ClaimSource {
		if sources == nil {
			return nil
		}
		out := make(map[string]ClaimSource, len(sources))
		for name, source := range sources {
			out[name] = ClaimSource{source.Path, ReplaceIssuer(source.Value, issuer)}
		}
		return out
	}
	expanded := *e
	expanded.TokenClaims = nil
	for _, claims := range e.TokenClaims {
		claims.Audience, _ = ReplaceIssuer(claims.Audience, issuer).(string)
		claims.AccessToken, claims.IDToken = fixed(claims.AccessToken), fixed(claims.IDToken)
		expanded.TokenClaims = append(expanded.TokenClaims, claims)
	}
	return &expanded
}

// ReplaceIssuer copies a value, with the issuer in place of every [IssuerPlaceholder] in its texts.
func ReplaceIssuer(value any, issuer string) any { return replaced(value, IssuerPlaceholder, issuer) }

// PlaceIssuer copies a value, with [IssuerPlaceholder] in place of the issuer in its texts.
func PlaceIssuer(value any, issuer string) any { return replaced(value, issuer, IssuerPlaceholder) }

// code are the members with JavaScript, in which ${issuer} is part of a template literal.
var code = map[string]bool{"code": true, "script": true, "customScripts": true, "scripts": true}

// replaced copies a value, with a replacement for a part of its texts, except in code.
func replaced(value any, part, with string) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, part, with)
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = replaced(item, part, with)
		}
		return out
	case Document:
		if value == nil {
			return value
		}
		out := make(Document, len(value))
		for key, item := range value {
			if out[key] = item; !code[key] {
				out[key] = replaced(item, part, with)
			}
		}
		return out
	default:
		return value
	}
}
