package flows

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// signature returns the HS256 signature of a text, RFC 7518 section 3.2.
func signature(secret []byte, text string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// vault returns the setup of the action's vault connection, which must be for the given app. Its
// secrets will be hidden in the recorded execution.
func (e *execution) vault(p params, app string) (setup storage.Document, err error) {
	id, err := p.need("connection_id")
	if err != nil {
		return nil, err
	}
	err = e.DB.View(e.ctx, func(tx *storage.Tx) error {
		doc, err := tx.Documents(resource.VaultConnections.Name, "").Document(id)
		if storage.IsNotFound(err) {
			return fmt.Errorf("there is no vault connection %q", id)
		}
		if err != nil {
			return err
		}
		if storage.Text(doc, "app_id") != app {
			return fmt.Errorf("the vault connection %q is for %s and not for %s", id, storage.Text(doc, "app_id"), app)
		}
		if setup, _ = doc["setup"].(storage.Document); len(setup) == 0 {
			return fmt.Errorf("the vault connection %q is not set up: give it its setup by PATCH /api/v2/flows/vault/connections/%s", id, id)
		}
		return nil
	})
	for _, name := range []string{"client_secret", "secret", "signing_secret", "key", "token", "password", "value", "api_key"} {
		e.hide(setup[name])
	}
	return setup, err
}

// authorize checks that the application of the action's vault connection exists, has the right secret
// and has been granted one of the scopes of the Management API. It returns the application as the
// author of changes.
func (e *execution) authorize(p params, scopes ...string) (author objects.Author, err error) {
	setup, err := e.vault(p, "AUTH0")
	if err != nil {
		return author, err
	}
	issuer, err := url.Parse(e.Services.Issuer)
	if err != nil {
		return author, err
	}
	domain := strings.TrimSuffix(strings.TrimPrefix(storage.Text(setup, "domain"), "https://"), "/")
	if domain != "" && !strings.EqualFold(domain, issuer.Host) && !strings.EqualFold(domain, issuer.Hostname()) {
		return author, fmt.Errorf("its vault connection is for the tenant %s, and this one is %s", domain, issuer.Host)
	}
	id, secret := storage.Text(setup, "client_id"), storage.Text(setup, "client_secret")
	err = e.DB.View(e.ctx, func(tx *storage.Tx) error {
		client, err := tx.Clients.Get(id)
		if err != nil {
			return refused(err, "the application of its vault connection is not there: "+id)
		}
		stored, err := tx.ClientSecrets.Get(id)
		if err != nil || !e.Services.Secrets.CheckClientSecret(stored, secret) {
			return refused(errors.Join(err, errors.New("wrong client secret")), "the secret of its vault connection is not the secret of the application "+id)
		}
		api, err := tx.API(e.Services.Issuer + "api/v2/")
		if err != nil || api == nil {
			return err
		}
		grant, err := tx.ClientGrantFor(client, *api, "client")
		if err != nil {
			return refused(err, "the application "+id+" has no grant for the Management API")
		}
		if !slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(grant.Scope, scope) }) {
			return fmt.Errorf("the application %s has not been granted %s", id, strings.Join(scopes, " or "))
		}
		return nil
	})
	return objects.Author{ClientID: id}, err
}

// refused adds a sentence that explains an error to the error.
func refused(err error, sentence string) error { return fmt.Errorf("%s (%w)", sentence, err) }

// change changes the tenant's objects in a transaction, and carries out the effects of the change
// afterwards.
func (e *execution) change(author objects.Author, do func(*objects.Change) (storage.Document, error)) (doc storage.Document, err error) {
	var effects objects.Effects
	err = e.DB.Update(e.ctx, func(tx *storage.Tx) (err error) {
		ch := &objects.Change{Services: e.Services, Author: author, Tx: tx, Now: e.Now()}
		doc, err = do(ch)
		effects = ch.Effects
		return err
	})
	if err == nil {
		err = effects.CarryOut(carrier{e})
	}
	return doc, err
}

// carrier carries out the effects of changes that a flow has made.
type carrier struct{ *execution }

// Mail implements objects.Carrier.
func (c carrier) Mail(drafts ...emails.Draft) error { return c.Services.Emails.Send(c.ctx, drafts...) }

// Send implements objects.Carrier.
func (c carrier) Send(m outbox.Message) { c.Outbox.Send(m) }

// Record implements objects.Carrier.
func (c carrier) Record(event tenantlog.Event) { c.Log.Record(nil, event) }

func (e *execution) updateUser(p params) (any, error) {
	author, err := e.authorize(p, "update:users", "update:users_app_metadata")
	if err != nil {
		return nil, err
	}
	id, err := p.need("user_id")
	if err != nil {
		return nil, err
	}
	changes, ok := p["changes"].(object)
	if !ok {
		return nil, errors.New(`the parameter "changes" is not an object`)
	}
	if err := errors.Join(resource.Users.Check(changes, resource.Update), objects.CheckCombination(changes)); err != nil {
		return nil, err
	}
	user, err := e.userToChange(id, changes)
	if err != nil {
		return nil, err
	}
	hash, err := e.hash(user.ConnectionName(), user, changes)
	if err != nil {
		return nil, err
	}
	return e.change(author, func(ch *objects.Change) (storage.Document, error) {
		return objects.UpdateUser(ch, id, resource.Clone(changes), hash)
	})
}

func (e *execution) userToChange(id string, changes object) (user storage.User, err error) {
	err = e.DB.View(e.ctx, func(tx *storage.Tx) error {
		user, err = objects.UserToChange(tx, id, changes)
		return err
	})
	return user, err
}

// hash checks the password in given by the connection's policy and returns its hash, or "" if there
// is no password.
func (e *execution) hash(connection string, user storage.User, given object) (hash string, err error) {
	password := storage.Text(given, "password")
	if password == "" {
		return "", nil
	}
	e.hide(password)
	var demands account.Demands
	if err := e.DB.View(e.ctx, func(tx *storage.Tx) (err error) {
		demands, err = account.DemandsOf(tx, connection, user)
		return err
	}); err != nil {
		return "", err
	}
	return demands.Hash(e.ctx, e.Passwords, password)
}

func (e *execution) createUser(p params) (any, error) {
	author, err := e.authorize(p, "create:users")
	if err != nil {
		return nil, err
	}
	payload, ok := p["payload"].(object)
	if !ok {
		return nil, errors.New(`the parameter "payload" is not an object`)
	}
	if err := resource.Users.Check(payload, resource.Create); err != nil {
		return nil, err
	}
	hash, err := e.hash(storage.Text(payload, "connection"), objects.UserOf(payload), payload)
	if err != nil {
		return nil, err
	}
	return e.change(author, func(ch *objects.Change) (storage.Document, error) {
		sent := resource.Clone(payload)
		return sent, objects.CreateUser(ch, sent, hash)
	})
}

func (e *execution) getUser(p params) (any, error) {
	if _, err := e.authorize(p, "read:users"); err != nil {
		return nil, err
	}
	id, err := p.need("user_id")
	if err != nil {
		return nil, err
	}
	var doc storage.Document
	err = e.DB.View(e.ctx, func(tx *storage.Tx) error {
		doc, err = objects.Users.Find(tx, id)
		return err
	})
	return doc, err
}

// FlowMessage is the kind of the messages that flows send.
const FlowMessage = "flow"

// values returns the variables for the Liquid templates of messages, Auth0:
// customize/forms/flows/integrations/auth0.
func (e *execution) values(p params) map[string]any {
	custom, _ := p["custom_vars"].(object)
	if custom == nil {
		custom = object{}
	}
	values := map[string]any{"custom_vars": custom}
	for name, from := range map[string]string{"user": "user", "application": "client", "organization": "organization"} {
		if value, ok := e.journey.Context[from]; ok {
			values[name] = value
		}
	}
	if tenant, ok := e.journey.Context["tenant"].(object); ok {
		values["tenant"], values["friendly_name"] = tenant["name"], tenant["name"]
	}
	return values
}

// message returns a message of the flow with sender and recipient from the parameters.
func (e *execution) message(p params) (m outbox.Message, err error) {
	m = outbox.Message{Kind: FlowMessage, UserID: e.journey.Event.UserID, ClientID: e.journey.Event.ClientID, Connection: e.journey.Event.Connection}
	m.To, err = p.need("to")
	m.From = p.text("from")
	if from, ok := p["from"].(object); ok { // {email, name}
		m.From = storage.Text(from, "email")
		if name := storage.Text(from, "name"); name != "" {
			m.From = name + " <" + m.From + ">"
		}
	}
	for _, code := range e.journey.Codes {
		if strings.Contains(p.text("custom_vars"), code.Code) {
			m.Code = code.Code
		}
	}
	return m, err
}

// sendEmail sends an e-mail. Subject and body are Liquid templates with the flow's variables.
func (e *execution) sendEmail(p params) (any, error) {
	m, err := e.message(p)
	if err != nil {
		return nil, err
	}
	m.Channel = outbox.Email
	values := e.values(p)
	if m.Subject, err = templates.Liquid(p.text("subject"), values); err != nil {
		return nil, err
	}
	if m.HTML, err = templates.LiquidHTML(p.text("body"), values); err != nil {
		return nil, err
	}
	m.Text = m.Subject
	e.Outbox.Send(m)
	return object{"success": true}, nil
}

// sendText returns an action that sends a message to a phone by a channel: as text or as a voice
// call.
func sendText(channel string) func(*execution, params) (any, error) {
	return func(e *execution, p params) (any, error) {
		m, err := e.message(p)
		if err != nil {
			return nil, err
		}
		m.Channel = channel
		if m.Text, err = templates.Liquid(p.text("message"), e.values(p)); err != nil {
			return nil, err
		}
		e.Outbox.Send(m)
		return object{"success": true}, nil
	}
}
