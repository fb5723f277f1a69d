package authorize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Limits of authorization_details, Auth0: get-started/apis/configure-rich-authorization-requests. The length
// of strings is counted in characters.
const (
	maxDetailsBytes  = 5 << 10
	maxDetails       = 5
	maxDetailMembers = 10
	maxDetailText    = 255
	maxDetailDepth   = 5
)

// detailName matches the allowed names of members in authorization_details.
var detailName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,255}$`)

// checkDetails checks the authorization_details of a request, RFC 9396 section 2, and sets them in rq as
// compact JSON. Their types must be defined by the API and, if applications need a client grant for it, be
// part of the grant.
func checkDetails(tx *storage.Tx, client storage.Client, text string, rq *storage.AuthorizeRequest) error {
	if text == "" {
		return nil
	}
	api, err := tx.API(rq.Audience)
	if err != nil {
		return err
	}
	if api == nil {
		return invalidDetails("they need an audience, to which their types belong")
	}
	all, err := parseDetails(text)
	if err != nil {
		return err
	}
	granted := func(string) bool { return true }
	if api.SubjectTypeAuthorization.User.Policy == "require_client_grant" || client.Strict() {
		grant, err := tx.ClientGrantFor(client, *api, "user")
		if storage.Optional(err) != nil {
			return err
		}
		granted = func(kind string) bool { return slices.Contains(grant.AuthorizationDetails, kind) }
	}
	for _, one := range all {
		kind, _ := one["type"].(string)
		known := slices.ContainsFunc(api.AuthorizationDetails, func(d struct {
			Type string `json:"type"`
		},
		) bool {
			return d.Type == kind
		})
		switch {
		case kind == "":
			return invalidDetails("each needs a type")
		case !known:
			return invalidDetails(fmt.Sprintf("the type %q is not one of the API", kind))
		case !granted(kind):
			return invalidDetails(fmt.Sprintf("the type %q is not granted to the application", kind))
		}
	}
	var compact bytes.Buffer
	err = json.Compact(&compact, []byte(text))
	rq.Details = compact.String()
	return err
}

// parseDetails reads authorization_details and checks their limits.
func parseDetails(text string) (all []map[string]any, err error) {
	if len(text) > maxDetailsBytes {
		return nil, invalidDetails(fmt.Sprintf("they have more than %d bytes", maxDetailsBytes))
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return nil, invalidDetails("they must be a JSON array of objects").With(err)
	}
	if len(all) == 0 || len(all) > maxDetails {
		return nil, invalidDetails(fmt.Sprintf("there must be 1 to %d", maxDetails))
	}
	for _, one := range all {
		if one == nil {
			return nil, invalidDetails("they must be a JSON array of objects")
		}
		if err := checkDetail(one, 1); err != nil {
			return nil, invalidDetails(err.Error())
		}
	}
	return all, nil
}

// checkDetail checks a value within authorization_details: the length of strings and the members of objects.
func checkDetail(value any, depth int) error {
	switch value := value.(type) {
	case string:
		if utf8.RuneCountInString(value) > maxDetailText {
			return fmt.Errorf("a value has more than %d characters", maxDetailText)
		}
	case []any:
		for _, item := range value {
			if err := checkDetail(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		return checkDetailMembers(value, depth)
	}
	return nil
}

func checkDetailMembers(object map[string]any, depth int) error {
	switch {
	case depth > maxDetailDepth:
		return fmt.Errorf("objects are nested more than %d times", maxDetailDepth)
	case len(object) > maxDetailMembers:
		return fmt.Errorf("an object has more than %d members", maxDetailMembers)
	}
	for name, member := range object {
		if !detailName.MatchString(name) {
			return errors.New("the name of a member has other characters than a-zA-Z0-9_.- or more than 255")
		}
		if err := checkDetail(member, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// invalidDetails refuses authorization_details, RFC 9396 section 5.
func invalidDetails(why string) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusBadRequest, Code: "invalid_authorization_details", Message: "Invalid parameter authorization_details: " + why,
		Setting: "authorization_details of the API, and authorization_details_types of the client grant",
	}
}
