package identity

import (
	"crypto/md5" //nolint:gosec // Gravatar addresses pictures by MD5
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// TimeFormat is the format of times in Auth0's resources: ISO 8601 with milliseconds, in
// UTC.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// Complete adds the members that Auth0 generates for a new user: name, nickname, picture
// and times, Auth0: manage-users/user-accounts/user-profiles/normalized-user-profiles.
// Existing members are not changed, except the e-mail address, which is converted to
// lower case.
func Complete(user storage.Document, now time.Time) {
	text := func(name string) string {
		s, _ := user[name].(string)
		return s
	}
	fill := func(name string, value any) {
		if _, ok := user[name]; !ok && value != "" {
			user[name] = value
		}
	}
	if email := text("email"); email != "" {
		user["email"] = strings.ToLower(email)
		local, _, _ := strings.Cut(strings.ToLower(email), "@")
		fill("nickname", local)
		fill("name", strings.ToLower(email))
		fill("picture", gravatar(strings.ToLower(email), local))
		fill("email_verified", false)
	}
	for _, from := range []string{"username", "phone_number"} {
		fill("nickname", text(from))
		fill("name", text(from))
	}
	stamp := now.UTC().Format(TimeFormat)
	fill("created_at", stamp)
	fill("updated_at", stamp)
}

// gravatar returns the picture URL that Auth0 gives a user without a picture. tenant0
// does not fetch it.
func gravatar(email, name string) string {
	sum := md5.Sum([]byte(email)) //nolint:gosec // see the import
	initials := []rune(name)
	fallback := "https://cdn.auth0.com/avatars/" + url.PathEscape(string(initials[:min(2, len(initials))])) + ".png"
	return "https://s.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) + "?s=480&r=pg&d=" + url.QueryEscape(fallback)
}
