package jobs

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// errInterrupted reports that the server stopped during an import.
var errInterrupted = errors.New("the server stopped")

// progress counts the processed users of an import by result.
type progress struct{ inserted, updated, failed int }

func (p progress) done() int { return p.inserted + p.updated + p.failed }

func (p progress) summary(total int) storage.Document {
	return storage.Document{"inserted": p.inserted, "updated": p.updated, "failed": p.failed, "total": total}
}

// importUsers writes the users of an import. Invalid users are left out and recorded as
// errors of the job.
func (r *Runner) importUsers(i Import, stop <-chan struct{}) error {
	rest, elapsed, seen := i.work(), clock.Stopwatch(), addresses{}
	p, total, err := rest.begun()
	if err != nil {
		return err
	}
	for users, err := range rest.batches() {
		if err != nil {
			return err
		}
		select {
		case <-stop:
			return errInterrupted
		default:
		}
		prepared := make([]imported, len(users))
		for n, user := range users {
			prepared[n] = prepare(user, seen)
		}
		before := p
		err = r.DB.Update(context.Background(), func(tx *storage.Tx) error {
			p = before
			if err := r.writeAll(tx, i, prepared, &p); err != nil {
				return err
			}
			return errors.Join(rest.written(tx, p), report(tx, i.JobID, p, total, elapsed()))
		})
		if err != nil {
			return err
		}
	}
	return r.finish(i.JobID, "completed", p.summary(total))
}

// writeAll writes users, or records their errors.
func (r *Runner) writeAll(tx *storage.Tx, i Import, users []imported, p *progress) error {
	if _, err := tx.Documents(resource.Jobs.Name, "").Document(i.JobID); err != nil {
		return err // a reset has removed the job, so its users must not be written
	}
	for _, u := range users {
		if err := r.write(tx, i, u, p); err != nil {
			return err
		}
	}
	return nil
}

// report stores the progress of a job.
func report(tx *storage.Tx, id string, p progress, total int, took time.Duration) error {
	return change(tx, id, func(doc storage.Document) {
		doc["status"], doc["percentage_done"] = "processing", 100*p.done()/total
		left := took * time.Duration(total-p.done()) / time.Duration(max(p.done(), 1))
		doc["time_left_seconds"] = int(left.Seconds())
	})
}

// imported is a user of the file that has been checked: the data to write, or the error.
type imported struct {
	user  storage.Document // as in the file
	hash  string
	fault *fault
}

// fault is an error about a user, Auth0: api/management/v2/jobs/get-errors.
type fault struct{ code, message, path string }

// addresses are the e-mail addresses read so far from a file, as hashes because there may
// be many of any length.
type addresses map[[16]byte]bool

// again reports whether an address was seen before, and adds it.
func (a addresses) again(email string) (there bool) {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	key := [16]byte(sum[:])
	there, a[key] = a[key], true
	return there
}

// prepare checks a user of the file and reads the password hash.
func prepare(sent any, seen addresses) (u imported) {
	user, ok := sent.(storage.Document)
	if !ok {
		return imported{fault: &fault{"INVALID_TYPE", "Expected type object", "#/"}}
	}
	u.user = user
	if apierr.TooDeep(user) {
		u.fault = &fault{"FORMAT", fmt.Sprintf("More than %d lists and objects inside each other are not allowed", apierr.MaxNesting), "#/"}
		return u
	}
	if path, found := apierr.ZeroByte(user); found {
		u.fault = &fault{"FORMAT", "The character U+0000 is not allowed", "#/" + strings.ReplaceAll(path, ".", "/")}
		return u
	}
	if err := resource.ImportedUser.Check(user, resource.Create); err != nil {
		u.fault = faultOf(err)
		return u
	}
	if seen.again(storage.Text(user, "email")) {
		u.fault = &fault{"DUPLICATED_USER", "The user is in the file twice", "#/email"}
		return u
	}
	custom, hasCustom := user["custom_password_hash"].(storage.Document)
	plain := storage.Text(user, "password_hash")
	switch {
	case hasCustom && plain != "":
		u.fault = &fault{"NOT_PASSED", "password_hash and custom_password_hash are mutually exclusive", "#/custom_password_hash"}
	case hasCustom:
		var err error
		if u.hash, err = identity.ReadImported(custom); err != nil {
			u.fault = &fault{"FORMAT", err.Error(), "#/custom_password_hash"}
		}
	case plain != "":
		u.hash = plain
		if err := identity.CheckHash(plain); err != nil {
			u.fault = &fault{"FORMAT", "password_hash: " + err.Error(), "#/password_hash"}
		}
	}
	return u
}

// codes maps words in the messages of checks to the codes of faults.
var codes = []struct{ words, code string }{
	{"Missing required property", "OBJECT_REQUIRED"},
	{"Additional properties", "OBJECT_ADDITIONAL_PROPERTIES"},
	{"Expected type", "INVALID_TYPE"},
	{"No enum match", "ENUM_MISMATCH"},
	{"pattern", "PATTERN"},
	{"too short", "MIN_LENGTH"},
	{"too long", "MAX_LENGTH"},
}

// faultOf converts the error of a check to a fault.
func faultOf(err error) *fault {
	f := &fault{code: "FORMAT", message: err.Error(), path: "#/"}
	if e, ok := errors.AsType[*apierr.Error](err); ok {
		f.message = strings.TrimPrefix(e.Message, "Payload validation error: ")
	}
	for _, c := range codes {
		if strings.Contains(f.message, c.words) {
			f.code = c.code
			break
		}
	}
	if _, path, found := strings.Cut(f.message, "on property "); found {
		f.path = "#/" + strings.ReplaceAll(strings.TrimRight(strings.Fields(path)[0], "."), ".", "/")
	}
	return f
}

// maxErrors bounds the errors that a job keeps: a short file can have very many users that are nothing. Further ones
// are counted only.
const maxErrors = 10_000

// write writes one user, or records the error.
func (r *Runner) write(tx *storage.Tx, i Import, u imported, p *progress) error {
	doc, err := r.apply(tx, i, u, p)
	if err != nil || doc == nil || p.failed > maxErrors {
		return err
	}
	return tx.Documents(errorKind, i.JobID).Put(storage.Write{ID: strconv.Itoa(p.done()), Document: doc})
}

// apply writes one user, or returns the error as the job's errors list it. It returns nil
// if the user was written.
func (r *Runner) apply(tx *storage.Tx, i Import, u imported, p *progress) (storage.Document, error) {
	if u.fault == nil {
		var err error
		if u.fault, err = r.put(tx, i, u, p); err != nil {
			return nil, err
		}
	}
	if u.fault == nil {
		return nil, nil //nolint:nilnil // nothing is wrong
	}
	p.failed++
	return storage.Document{
		"user":   redacted(u.user),
		"errors": []any{storage.Document{"code": u.fault.code, "message": u.fault.message, "path": u.fault.path}},
	}, nil
}

// Prepared are users that have been checked.
type Prepared []imported

// Prepare checks users in the format of Auth0's export, for ImportAtOnce.
func Prepare(users []any) Prepared {
	all := make(Prepared, len(users))
	seen := addresses{}
	for n, user := range users {
		all[n] = prepare(FromExport(user), seen)
		if provider := otherProvider(user); provider != "" {
			all[n].fault = &fault{"FORMAT", "The user logs in at " + provider + " and not at a database; a tenant file can have such users", "#/user_id"}
		}
	}
	return all
}

// ImportAtOnce imports users in an existing transaction, without a job. It returns how
// many users were written, and the errors of the others.
func (r *Runner) ImportAtOnce(
	ctx context.Context, tx *storage.Tx, i Import, users Prepared,
) (summary storage.Document, faults []storage.Document, err error) {
	var p progress
	for _, user := range users {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		wrong, err := r.apply(tx, i, user, &p)
		if err != nil {
			return nil, nil, err
		}
		if wrong != nil {
			faults = append(faults, wrong)
		}
	}
	return p.summary(len(users)), faults, nil
}

// redacted returns a user with the password hashes hidden.
func redacted(user storage.Document) storage.Document {
	shown := maps.Clone(user)
	if _, ok := shown["password_hash"]; ok {
		shown["password_hash"] = "*****"
	}
	if custom, ok := shown["custom_password_hash"].(storage.Document); ok {
		custom = maps.Clone(custom)
		custom["hash"] = storage.Document{"value": "*****"}
		shown["custom_password_hash"] = custom
	}
	return shown
}

// notProfile are the members of a user in the file that are not part of the profile.
var notProfile = []string{"password_hash", "custom_password_hash", "mfa_factors"}

// put adds a new user, or changes an existing one if the import is an upsert.
func (r *Runner) put(tx *storage.Tx, i Import, u imported, p *progress) (*fault, error) {
	there, err := tx.UserByLogin(i.Connection.Name, storage.Text(u.user, "email"))
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	if there.UserID != "" {
		if !i.Upsert {
			return &fault{"DUPLICATED_USER", "The user already exist and upsert parameter is false", ""}, nil
		}
		p.updated++
		return nil, r.upsert(tx, there, u)
	}
	doc := maps.Clone(u.user)
	for _, name := range notProfile {
		delete(doc, name)
	}
	if wrong := account.CheckUsername(i.Connection, storage.Text(doc, "username"), false); wrong != nil {
		return &fault{"FORMAT", wrong.Error(), "#/username"}, nil //nolint:nilerr // it is told of the user
	}
	err = account.Add(tx, i.Connection, doc, u.hash, r.Now())
	switch {
	case storage.IsConflict(err):
		return &fault{"CONFLICT_USERNAME", "The username is taken", "#/username"}, nil
	case errors.Is(err, error(resource.Users.Taken)):
		return &fault{"CONFLICT", "There is a user with this user_id", "#/user_id"}, nil
	case err != nil:
		return nil, err
	}
	p.inserted++
	return nil, r.enroll(tx, storage.Text(doc, "user_id"), u.user)
}

// upsertable are the members of an existing user that an import may change, Auth0:
// manage-users/user-migration/bulk-user-import-database-schema-and-examples.
var upsertable = []string{
	"app_metadata", "user_metadata", "email_verified", "family_name", "given_name", "name", "nickname", "picture",
}

// upsert changes a user. If that is the owner of a linked account, the account gets what is of its own.
func (r *Runner) upsert(tx *storage.Tx, there storage.User, u imported) error {
	doc, err := tx.Users.Document(there.UserID)
	if err != nil {
		return err
	}
	id := there.AccountID()
	for _, name := range upsertable {
		value, sent := u.user[name]
		switch {
		case !sent:
		case strings.HasSuffix(name, "_metadata"):
			doc[name] = value
		default:
			identities.ProfileIn(doc, id)[name] = value
		}
	}
	doc["updated_at"] = resource.Time(r.Now())
	if err := account.Update(tx, doc); err != nil || u.hash == "" {
		return err
	}
	stored, err := tx.Passwords.Get(id)
	if err := storage.Optional(err); err != nil {
		return err
	}
	// A hash that is not an imported one was set here, or renewed at a login, and is
	// kept.
	if stored.Hash != "" && !identity.IsImported(stored.Hash) {
		return nil
	}
	return tx.Passwords.Put(storage.Password{UserID: id, Hash: u.hash})
}

// enroll stores the user's MFA factors.
func (r *Runner) enroll(tx *storage.Tx, userID string, user storage.Document) error {
	var factors []storage.Document
	for _, factor := range objects.Items(user, "mfa_factors") {
		method := storage.Document{"confirmed": true}
		for kind, value := range factor {
			details, _ := value.(storage.Document)
			method["type"] = kind
			switch kind {
			case "phone":
				method["phone_number"], method["preferred_authentication_method"] = details["value"], "sms"
			case "email":
				method["email"] = details["value"]
			case "totp":
				method["totp_secret"] = details["secret"]
			}
		}
		factors = append(factors, method)
	}
	if len(factors) == 0 {
		return nil
	}
	if err := objects.AddFactors(&objects.Change{Tx: tx, Now: r.Now()}, userID, factors); err != nil {
		return fmt.Errorf("factor of %s: %w", userID, err)
	}
	return nil
}
