package management

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/resource"
)

// maxFields limits the size of an import form without its file, in bytes.
const maxFields = 64 << 10

// importForm is the form that starts an import of users.
type importForm struct {
	values map[string]string // the known fields, "" for those that were not sent
	users  *jobs.File        // nil if none was sent
}

// usersForm reads the multipart form of an import, RFC 7578, one part after the other,
// and writes the users to a file as they arrive.
func (rq request) usersForm() (form importForm, err error) {
	most := int64(rq.MaxImport)
	if rq.r.ContentLength > most+maxFields {
		return form, apierr.PayloadTooLarge(most)
	}
	rq.r.Body = http.MaxBytesReader(rq.w, rq.r.Body, most+maxFields)
	form.values = map[string]string{"connection_id": "", "upsert": "", "external_id": "", "send_completion_email": ""}
	if err = rq.importParts(&form); err == nil {
		return form, nil
	}
	if form.users != nil {
		form.users.Remove()
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		err = apierr.PayloadTooLarge(most)
	}
	return form, err
}

func (rq request) importParts(form *importForm) error {
	parts, err := rq.r.MultipartReader()
	for err == nil {
		var part *multipart.Part
		if part, err = parts.NextPart(); err != nil {
			break
		}
		if err := rq.importPart(form, part); err != nil {
			return err
		}
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	if err != io.EOF { //nolint:errorlint // the error of a form that is cut off wraps it
		return notMultipart
	}
	return nil
}

var notMultipart = resource.InvalidBody("Payload validation error: 'Invalid multipart payload format'.")

// importPart reads one part of the form: the file, or a field.
func (rq request) importPart(form *importForm, part *multipart.Part) (err error) {
	name := part.FormName()
	switch {
	case part.FileName() != "" && name == "users" && form.users == nil:
		form.users, err = rq.Jobs.Keep(http.MaxBytesReader(rq.w, part, int64(rq.MaxImport)))
		switch {
		case errors.Is(err, jobs.ErrEmpty):
			return resource.InvalidBody("Users file must not be empty.")
		case errors.Is(err, jobs.ErrSyntax):
			// A client that is still sending sees the answer only at the end of the file.
			_, _ = io.Copy(io.Discard, io.LimitReader(part, int64(rq.MaxImport)))
			cause := strings.TrimPrefix(err.Error(), jobs.ErrSyntax.Error()+": ")
			return resource.InvalidBody("Failed to parse users file JSON when importing users. Make sure it is valid JSON. " + cause)
		}
		return err
	case part.FileName() != "":
		return nil // any other file is ignored
	}
	raw, err := io.ReadAll(http.MaxBytesReader(rq.w, part, maxFields))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return notMultipart
	}
	if err != nil {
		return err
	}
	if strings.ContainsRune(name+string(raw), 0) {
		return apierr.ZeroInBody("")
	}
	if there, known := form.values[name]; known {
		form.values[name] = cmp.Or(there, string(raw)) // the first value counts
	}
	return nil
}
