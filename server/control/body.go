package control

import (
	"encoding/json"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// maxNesting is how many lists and objects of a body may be inside each other: the 100 levels of a tenant file, within the
// body and its member sections.
const maxNesting = 102

// read reads the body, a JSON object of at most limit bytes, into a value.
func read(w http.ResponseWriter, r *http.Request, limit int64, into any) error {
	body, err := web.ReadNestedJSON(w, r, limit, maxNesting)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		member, want := web.JSONFault(err)
		switch {
		case member != "":
			return apierr.InvalidParameter(member, "must be of the type "+want)
		case want != "":
			return badBody("the body must be a JSON " + want)
		}
		return apierr.MalformedBody.With(err)
	}
	return nil
}

func badBody(message string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "invalid_body", Message: message}
}
