package federation

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// leavable are the strategies whose providers support logout by the tenant, Auth0:
// authenticate/login/logout/log-users-out-of-idps.
var leavable = []string{
	"adfs", "evernote", "evernote-sandbox", "facebook", "fitbit", "github", "google-apps", "google-oauth2", "oauth2", "office365", "oidc", "okta",
	"salesforce", "salesforce-community", "salesforce-sandbox", "twitter", "waad", "windowslive", "yahoo", "yammer",
}

// Logout returns the address to which a browser is sent to end the user's session at the provider of
// a connection, or "" if there is none. The provider redirects the browser to target afterwards,
// unless it is "". simulated says that the provider is simulated: then the address is a path of this
// server that does not contain the target.
func (m *room) Logout(ctx context.Context, connection, target string) (address string, simulated bool, err error) {
	var c storage.Connection
	err = m.DB.View(ctx, func(tx *storage.Tx) (err error) {
		c, err = tx.Connections.Find("name", connection)
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return "", false, nil
	case err != nil || !slices.Contains(leavable, c.Strategy):
		return "", false, err
	case !m.reaches(c):
		return "/simulated/" + url.PathEscape(c.Name) + "/logout", true, nil
	case isPassive(c): // Web Services Federation Language 1.2 section 13.2.4
		return leaving(text(c, "signInEndpoint"), url.Values{"wa": {"wsignout1.0"}, "wreply": {target}}), false, nil
	case c.Strategy == "oauth2":
		return leaving(text(c, "logoutUrl"), url.Values{"returnTo": {target}}), false, nil
	}
	p, err := m.provider(ctx, c)
	if err != nil {
		return "", false, err
	}
	var known struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if p.Claims(&known) != nil {
		known.EndSession = "" // there is no discovery document
	}
	return leaving(known.EndSession, url.Values{"client_id": {text(c, "client_id")}, "post_logout_redirect_uri": {target}}), false, nil
}

// leaving adds the parameters that are not empty to an address. It returns "" if the address is not
// an http or https URL.
func leaving(address string, params url.Values) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	query := u.Query()
	for name := range params {
		if value := params.Get(name); strings.TrimSpace(value) != "" {
			query.Set(name, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String()
}
