package federation

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// leavable are the strategies whose providers log people out for an application, Auth0:
// authenticate/login/logout/log-users-out-of-idps.
var leavable = []string{
	"adfs", "evernote", "evernote-sandbox", "facebook", "fitbit", "github", "google-apps", "google-oauth2", "oauth2", "office365", "oidc", "okta",
	"salesforce", "salesforce-community", "salesforce-sandbox", "twitter", "waad", "windowslive", "yahoo", "yammer",
}

// Logout returns where a browser is sent to end the session that a user has at the provider of a
// connection, and whether there is such a place. It sends the browser on to a target, "" for none.
// simulated says that the provider is one of this server's: the address is a path, and the target is
// not in it.
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
		known.EndSession = "" // it was not discovered
	}
	return leaving(known.EndSession, url.Values{"client_id": {text(c, "client_id")}, "post_logout_redirect_uri": {target}}), false, nil
}

// leaving is an address with parameters that have a value, "" for an address that is none of the web.
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
