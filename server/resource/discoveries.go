package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// discoveryPath is the end of the URL of a discovery document, OpenID Connect Discovery 1.0 section 4.
const discoveryPath = "/.well-known/openid-configuration"

// discovered are the options that Auth0 takes from the provider's discovery document where a new connection leaves them
// out. tenant0 does not fetch the document of a connection until somebody logs in. So that such a connection is shown with
// its endpoints nevertheless, those of well-known providers are written down here, as the providers publish them.
var discovered = map[string]storage.Document{
	"https://accounts.google.com": endpoints("https://accounts.google.com", "https://accounts.google.com/o/oauth2/v2/auth",
		"https://oauth2.googleapis.com/token", "https://openidconnect.googleapis.com/v1/userinfo", "https://www.googleapis.com/oauth2/v3/certs"),
	"https://api.login.yahoo.com": endpoints("https://api.login.yahoo.com", "https://api.login.yahoo.com/oauth2/request_auth",
		"https://api.login.yahoo.com/oauth2/get_token", "https://api.login.yahoo.com/openid/v1/userinfo", "https://api.login.yahoo.com/openid/v1/certs"),
	"https://www.paypalobjects.com": endpoints("https://www.paypal.com", "https://www.paypal.com/signin/authorize",
		"https://api.paypal.com/v1/oauth2/token", "https://api.paypal.com/v1/oauth2/token/userinfo", "https://api.paypal.com/v1/oauth2/certs"),
	"https://login.salesforce.com": endpoints("https://login.salesforce.com", "https://login.salesforce.com/services/oauth2/authorize",
		"https://login.salesforce.com/services/oauth2/token", "https://login.salesforce.com/services/oauth2/userinfo", "https://login.salesforce.com/id/keys"),
	"https://gitlab.com": endpoints("https://gitlab.com", "https://gitlab.com/oauth/authorize",
		"https://gitlab.com/oauth/token", "https://gitlab.com/oauth/userinfo", "https://gitlab.com/oauth/discovery/keys"),
}

func endpoints(issuer, authorization, token, userinfo, keys string) storage.Document {
	return storage.Document{
		"issuer": issuer, "authorization_endpoint": authorization, "token_endpoint": token, "userinfo_endpoint": userinfo, "jwks_uri": keys,
	}
}

// completeEndpoints adds the endpoints of a well-known provider to the options of a connection that leave them out or set
// them to null.
func completeEndpoints(options storage.Document) {
	at, isDocument := strings.CutSuffix(storage.Text(options, "discovery_url"), discoveryPath)
	if !isDocument {
		return
	}
	for name, value := range discovered[at] {
		if options[name] == nil {
			options[name] = value
		}
	}
}
