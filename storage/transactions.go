package storage

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

var (
	// ErrTransactionOver reports a transaction that can no longer be changed: it was
	// finished, its time is over, or it is not there.
	ErrTransactionOver = errors.New("the login has ended")
	// ErrTooLong reports a request that is longer than what may be kept of one.
	ErrTooLong = errors.New("too long to be kept")
)

// Bounds of what waits for users. Whoever can send a request to /authorize, which is
// any web page, has the store keep a transaction for an hour.
const (
	// maxRequest is how much of a request to /authorize may be kept, and maxTransaction
	// of all that belongs to one transaction, in bytes of JSON. A user who is asked for
	// consent has the scopes kept a second time.
	maxRequest     = 16 << 10
	maxTransaction = 64 << 10
	// maxBrowserTransactions is how many transactions one browser may have, and
	// maxAllTransactions how many bytes those of all browsers may take. Past either,
	// those that are finished go first, and then the oldest.
	maxBrowserTransactions = 50
	maxAllTransactions     = 16 << 20
)

// Transaction is a login under way: what /authorize was asked, and how far the
// user has come. Its key is the hash of the state of the login pages' URLs.
type Transaction struct {
	StateHash string `json:"state_hash"`
	// Asked is the request as it came. Nothing changes it: what it has become by the
	// answers of the pages is Request.
	Asked AuthorizeRequest `json:"request"`
	// BrowserHash binds the transaction to the browser that began it.
	BrowserHash string    `json:"browser_hash"`
	CreatedAt   time.Time `json:"created_at"`
	ExpiresAt   time.Time `json:"expires_at"`
	// FinishedAt is when it was answered for good, zero for one that waits for the user.
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// Logout is the request of a transaction that is no login but the question
	// whether to log out.
	Logout *LogoutRequest `json:"logout,omitempty"`
	// Enrollment is the enrollment of a factor by a ticket: of a transaction that is no login either.
	Enrollment *Enrollment `json:"enrollment,omitempty"`
	// Connect is the key of the Ceremony by which a user connects an account at a provider: of a transaction that
	// is no login, and asks that provider alone. "" for all others.
	Connect string `json:"connect,omitempty"`

	// What the pages have added. Each page writes the answer that is its own.

	// Invited says that the user goes on with the request's invitation.
	Invited bool `json:"invited,omitempty"`
	// Identifier is what was typed where the identifier is asked for on a page of its own, and
	// Applicant what a new account is to be called, by the user's members. Both are "" or nil
	// until then.
	Identifier string            `json:"identifier,omitempty"`
	Applicant  map[string]string `json:"applicant,omitempty"`
	// Proved is the address or the number that an applicant has proved by a code.
	Proved string `json:"proved,omitempty"`
	// Passwordless is how far a login by a code or a link has come, nil where none was begun.
	Passwordless *PasswordlessLogin `json:"passwordless,omitempty"`
	// Proof is a code that the login waits for, nil for none.
	Proof *Proof `json:"proof,omitempty"`
	// UserID is the user whom it was answered for, "" until then.
	UserID string `json:"user_id,omitempty"`
	// Organization is the answer to which organization the login is for, nil for none yet.
	Organization *OrganizationAnswer `json:"organization,omitempty"`
	// Further is how far the user has come with a further factor, nil for not yet.
	Further *FurtherFactor `json:"further,omitempty"`
	// Platform says that the browser has said that it can keep keys for the user, and Passkey is
	// the user who has said what to do about one, "" for not yet.
	Platform bool `json:"platform,omitempty"`
	// Roaming says that the user has logged in by a passkey of another device than the browser's.
	Roaming bool   `json:"roaming,omitempty"`
	Passkey string `json:"passkey,omitempty"`
	// Consent is the answer to what the application may have, nil for none yet.
	Consent *ConsentAnswer `json:"consent,omitempty"`
	// Upstream is the login at another identity provider, nil where none was begun.
	Upstream *UpstreamLogin `json:"upstream,omitempty"`
	// Form is the form of the tenant's that the login shows, nil where none was begun.
	Form *FormVisit `json:"form,omitempty"`
}

// PasswordlessLogin is a login by a code or a link.
type PasswordlessLogin struct {
	// Connection is the name of the connection that sends it, and Address where it goes: ""
	// until that was typed.
	Connection string `json:"connection"`
	Address    string `json:"address,omitempty"`
	// UserID is whose account it is, "" where there is none and none may be made: nothing was
	// sent, and nobody is told.
	UserID string `json:"user_id,omitempty"`
	// Link says that a link was sent, and no code.
	Link bool `json:"link,omitempty"`
}

// Proof is an address or a number that a person has to prove by a code.
type Proof struct {
	// Reset says that a right code lets the person choose a new password; otherwise it lets
	// them in who have proved their password.
	Reset bool `json:"reset,omitempty"`
	// Next is the page that a right code leads to where the address is that of somebody who signs up, and has
	// no account yet.
	Next string `json:"next,omitempty"`
	// Connection is the name of the account's, and UserID whose account it is, "" for nobody's.
	Connection string `json:"connection"`
	UserID     string `json:"user_id,omitempty"`
	// Member is what is proved, "email" or "phone_number", and Address its value.
	Member  string `json:"member,omitempty"`
	Address string `json:"address"`
	// PasswordMark is the hash of the hash of the password that was proved before.
	PasswordMark string `json:"password_mark,omitempty"`
}

// OrganizationAnswer is what a user has said of the organization of a login.
type OrganizationAnswer struct {
	// Offered are those that the user may choose among before the login, by what Hint led to:
	// the e-mail address that was typed, or "".
	Offered []string `json:"offered,omitempty"`
	Hint    string   `json:"hint,omitempty"`
	// Chosen says that the user has chosen ID, or with "" to go on without an organization.
	Chosen bool   `json:"chosen,omitempty"`
	ID     string `json:"id,omitempty"`
}

// FurtherFactor is how far a user has come with a further factor in a login. It holds for nobody
// else: another may log in at the same browser.
type FurtherFactor struct {
	UserID string `json:"user_id"`
	// Challenged is the id of the authenticator that a code was sent to, and Enrolling that of
	// the one which the user is about to add; "" for none.
	Challenged string `json:"challenged,omitempty"`
	Enrolling  string `json:"enrolling,omitempty"`
	// Recovery is the user's new recovery code, sealed, until the user has said that it is kept.
	// Replaces says that it takes the place of one that was used.
	Recovery []byte `json:"recovery,omitempty"`
	Replaces bool   `json:"replaces,omitempty"`
	// Accepted is the id of the authenticator that was proved on the tenant's own page, which goes on with
	// it, and Offered is the recovery code that the page was told, sealed.
	Accepted string `json:"accepted,omitempty"`
	Offered  []byte `json:"offered,omitempty"`
}

// FurtherOf is how far a user has come with a further factor.
func (t Transaction) FurtherOf(userID string) FurtherFactor {
	if t.Further == nil || t.Further.UserID != userID {
		return FurtherFactor{UserID: userID}
	}
	return *t.Further
}

// ConsentAnswer is what a user has answered to the question of consent. It holds for nobody
// else: another may log in at the same browser.
type ConsentAnswer struct {
	UserID string `json:"user_id"`
	// Declined says that the user refused; Scope is what the user agreed to otherwise.
	Declined bool     `json:"declined,omitempty"`
	Scope    []string `json:"scope,omitempty"`
}

// MarkProved says in the profile of an account to be what its owner has proved.
func (t Transaction) MarkProved(profile Document) {
	for member, verified := range map[string]string{"email": "email_verified", "phone_number": "phone_verified"} {
		if t.Proved != "" && profile[member] == t.Proved {
			profile[verified] = true
		}
	}
}

// clone is a transaction of which what the pages add can be changed: what was asked stays shared.
func (t Transaction) clone() Transaction {
	t.Applicant = maps.Clone(t.Applicant)
	t.Passwordless, t.Proof, t.Organization = copyOf(t.Passwordless), copyOf(t.Proof), copyOf(t.Organization)
	t.Further, t.Consent, t.Upstream, t.Logout = copyOf(t.Further), copyOf(t.Consent), copyOf(t.Upstream), copyOf(t.Logout)
	t.Enrollment, t.Form = copyOf(t.Enrollment), copyOf(t.Form)
	if t.Form != nil {
		t.Form.Back, t.Form.Kept = slices.Clone(t.Form.Back), bytes.Clone(t.Form.Kept)
	}
	if t.Organization != nil {
		t.Organization.Offered = slices.Clone(t.Organization.Offered)
	}
	if t.Further != nil {
		t.Further.Recovery = bytes.Clone(t.Further.Recovery)
		t.Further.Offered = bytes.Clone(t.Further.Offered)
	}
	if t.Consent != nil {
		t.Consent.Scope = slices.Clone(t.Consent.Scope)
	}
	if t.Upstream != nil {
		t.Upstream.Person = maps.Clone(t.Upstream.Person)
	}
	return t
}

// copyOf is a copy of what a pointer leads to, nil for nil.
func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// Request is the request of the login with what the user has answered on the pages: the
// organization that was chosen, and the name that was typed for it.
func (t Transaction) Request() AuthorizeRequest {
	rq := t.Asked
	if o := t.Organization; o != nil {
		rq.LoginHint = cmp.Or(o.Hint, rq.LoginHint)
		if o.Chosen {
			rq.Organization = o.ID
		}
	}
	return rq
}

// Personal reports whether the user has chosen to log in without an organization.
func (t Transaction) Personal() bool {
	return t.Organization != nil && t.Organization.Chosen && t.Organization.ID == ""
}

// Agreed returns the scopes that a user has agreed to in the login.
func (t Transaction) Agreed(userID string) []string {
	if t.Consent == nil || t.Consent.UserID != userID || t.Consent.Declined {
		return nil
	}
	return t.Consent.Scope
}

// Refused reports whether a user has refused consent in the login.
func (t Transaction) Refused(userID string) bool {
	return t.Consent != nil && t.Consent.UserID == userID && t.Consent.Declined
}

// AnsweredBy reports whether the question of consent was answered by a user in the login.
func (t Transaction) AnsweredBy(userID string) bool {
	return t.Consent != nil && t.Consent.UserID == userID
}

// Live reports whether the transaction can still be taken up at now.
func (t Transaction) Live(now time.Time) bool { return now.Before(t.ExpiresAt) }

// Began reports whether a login in the transaction began the session. A form sent
// twice at once begins two, of which the browser keeps either.
func (t Transaction) Began(s Session) bool { return t.StateHash != "" && s.BeganIn == t.StateHash }

// Enrollment is the enrollment of a factor by the ticket with a hash.
type Enrollment struct {
	Ticket string `json:"ticket"`
	// Done says that the ticket was used in the transaction.
	Done bool `json:"done,omitempty"`
}

// LogoutRequest is a request to log out that waits for the user's answer.
type LogoutRequest struct {
	ClientID string `json:"client_id"`
	Target   string `json:"target"` // where to go afterwards, "" for nowhere
	// Federated says that the session at the identity provider is to end, too.
	Federated bool `json:"federated,omitempty"`
}

// AuthorizeRequest is a request to /authorize after its checks, RFC 6749
// section 4.1.1 and OIDC Core section 3.1.2.1.
type AuthorizeRequest struct {
	ClientID            string   `json:"client_id"`
	ResponseType        string   `json:"response_type"`
	ResponseMode        string   `json:"response_mode"`
	RedirectURI         string   `json:"redirect_uri"`
	RedirectURISent     bool     `json:"redirect_uri_sent"`
	Scope               string   `json:"scope"` // as requested
	Audience            string   `json:"audience"`
	State               string   `json:"state"`
	Nonce               string   `json:"nonce"`
	CodeChallenge       string   `json:"code_challenge"`
	CodeChallengeMethod string   `json:"code_challenge_method"`
	Prompt              []string `json:"prompt"`
	MaxAge              *int     `json:"max_age"` // seconds
	LoginHint           string   `json:"login_hint"`
	ScreenHint          string   `json:"screen_hint"`
	Connection          string   `json:"connection"`
	UILocales           string   `json:"ui_locales"`
	ACRValues           []string `json:"acr_values,omitempty"`
	// ConnectionScope is what the application asks the identity provider for besides what the
	// connection does, and Passed are the parameters of OIDC Core section 3.1.2.1 that are only
	// for the provider, where the connection passes them on.
	ConnectionScope string            `json:"connection_scope,omitempty"`
	Passed          map[string]string `json:"passed,omitempty"`
	// Extensions are the application's own parameters, whose names begin with ext-.
	Extensions map[string]string `json:"extensions,omitempty"`
	// Details are the authorization_details of RFC 9396, a JSON array, "" for none.
	Details string `json:"authorization_details,omitempty"`
	// Organization is the id of the organization to log in to, "" for none.
	Organization string `json:"organization,omitempty"`
	// Invitation is the ticket of an invitation to it, "" for none.
	Invitation string `json:"invitation,omitempty"`
	// Assertion is set where an assertion is asked for in place of a code or tokens. State is what the
	// service provider wants back with it then.
	Assertion *AssertionRequest `json:"assertion,omitempty"`
}

// AssertionRequest is what a request for an assertion has of its own.
type AssertionRequest struct {
	// Protocol is SAMLP or WSFed.
	Protocol string `json:"protocol"`
	// ID and Issuer are those of the request, "" for a login that no service provider has asked for.
	ID     string `json:"id,omitempty"`
	Issuer string `json:"issuer,omitempty"`
}

// The protocols that bring assertions, as the add-ons of applications are called.
const (
	SAMLP = "samlp"
	WSFed = "wsfed"
)

// Asks reports whether the request asks for "code", "token" or "id_token".
func (rq AuthorizeRequest) Asks(what string) bool {
	return slices.Contains(strings.Fields(rq.ResponseType), what)
}

// FrontChannel reports whether the answer to the request holds tokens.
func (rq AuthorizeRequest) FrontChannel() bool { return rq.Asks("token") || rq.Asks("id_token") }

// Check returns an error that wraps ErrTooLong for a request that is too long to be
// kept.
func (rq AuthorizeRequest) Check() error {
	raw, err := json.Marshal(rq)
	if err != nil {
		return err
	}
	return atMost("the request", len(raw), maxRequest)
}

func atMost(what string, have, limit int) error {
	if have > limit {
		return fmt.Errorf("%s has %d bytes where at most %d are kept: %w", what, have, limit, ErrTooLong)
	}
	return nil
}

var transactions = declare(spec[Transaction]{
	name:     "transactions", // see isVolatile
	key:      func(t Transaction) string { return t.StateHash },
	expires:  func(t Transaction) time.Time { return t.ExpiresAt },
	measured: true,
	recent:   true,
	leading:  []string{"state_hash", "browser_hash", "created_at", "expires_at", "finished_at", "upstream"},
	indexes: []index[Transaction]{
		{name: "age", values: func(t Transaction) []string { return []string{t.age()} }},
		{name: "browser", values: func(t Transaction) []string { return []string{t.BrowserHash + "\x01" + t.age()} }},
		{name: "upstream", values: func(t Transaction) []string {
			if t.Upstream == nil || t.Upstream.StateHash == "" {
				return nil
			}
			return []string{t.Upstream.StateHash}
		}},
	},
})

// age sorts the transactions that may go first before the others: those that are
// finished, and then those that began earlier.
func (t Transaction) age() string {
	rank := "waiting"
	if !t.FinishedAt.IsZero() {
		rank = "finished"
	}
	return rank + sortableTime(t.CreatedAt)
}

// sortableTime is a time as a text that sorts as times do.
func sortableTime(t time.Time) string { return t.UTC().Format("20060102150405.000000000") }

// Transactions are the logins under way. They are written by StartTransaction and
// ChangeTransaction alone.
type Transactions struct{ records }

// Get returns the transaction at a key, or an error that wraps ErrNotFound.
func (t Transactions) Get(stateHash string) (Transaction, error) {
	return as[Transaction](t.get(stateHash))
}

// Has reports whether there is a transaction at a key.
func (t Transactions) Has(stateHash string) (bool, error) { return t.has(stateHash) }

// All yields every transaction in key order. The sequence ends after an error.
func (t Transactions) All() iter.Seq2[Transaction, error] { return all[Transaction](t.scan("")) }

// Delete removes the transaction at a key; one that is not there is no error.
func (t Transactions) Delete(stateHash string) error { return t.delete(stateHash) }

// StartTransaction writes a new transaction. It returns an error that wraps ErrTooLong
// where there is too much to keep, and ErrConflict where there is one with its key.
func (tx *Tx) StartTransaction(t Transaction) error {
	there, err := tx.Transactions.Has(t.StateHash)
	if err != nil {
		return err
	}
	if there {
		return fmt.Errorf("%s %q: %w", transactions.name, t.StateHash, ErrConflict)
	}
	raw, err := json.Marshal(t)
	if err == nil && len(raw) > maxRequest { // the request is a part of it
		err = t.Asked.Check()
	}
	if err != nil {
		return err
	}
	if err := tx.keepTransaction(t, raw); err != nil {
		return err
	}
	return tx.boundTransactions(t)
}

// ChangeTransaction is how a transaction is written after its start: it reads the
// transaction as it is now, lets change look at it and change it, and writes it, so that
// two pages of one login do not undo each other's answers. It returns an error that wraps
// ErrTransactionOver where the transaction is not there or its time is over at now, and
// where it is finished, unless change leaves it as it is: a form may come twice. An error
// of change is returned as it is, and nothing is written.
func (tx *Tx) ChangeTransaction(stateHash string, now time.Time, change func(*Transaction) error) error {
	before, err := tx.kv.Get(tx.Transactions.rowKey(stateHash))
	if err != nil {
		return err
	}
	known, err := tx.LookAtTransaction(stateHash, now)
	if err != nil {
		return err
	}
	t := known.clone()
	finished := !t.FinishedAt.IsZero()
	if err := change(&t); err != nil {
		return err
	}
	after, err := json.Marshal(t)
	switch {
	case err != nil:
		return err
	case bytes.Equal(before, after):
		return nil
	case finished:
		return fmt.Errorf("%w: it is finished", ErrTransactionOver)
	}
	return tx.keepTransaction(t, after)
}

// LookAtTransaction is the transaction as it is now, for a caller who leaves what it refers to as it
// is. It returns an error that wraps ErrTransactionOver where it is not there or its time is over at
// now; one that is finished is returned.
func (tx *Tx) LookAtTransaction(stateHash string, now time.Time) (Transaction, error) {
	t, err := as[Transaction](tx.Transactions.look(stateHash))
	switch {
	case IsNotFound(err):
		return t, fmt.Errorf("%w: %w", ErrTransactionOver, err)
	case err == nil && !t.Live(now):
		return t, fmt.Errorf("%w: its time is over", ErrTransactionOver)
	}
	return t, err
}

func (tx *Tx) keepTransaction(t Transaction, raw []byte) error {
	if err := atMost("the login", len(raw), maxTransaction); err != nil {
		return err
	}
	return tx.Transactions.write(&t, raw)
}

// boundTransactions makes room where the transactions of a browser, or all of them, have
// become too many by a new one.
func (tx *Tx) boundTransactions(t Transaction) error {
	if err := tx.Transactions.bound("browser", t.BrowserHash+"\x01", maxBrowserTransactions); err != nil {
		return err
	}
	return tx.Transactions.boundSize(maxAllTransactions)
}
