package management

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// operation is what the API can do at one path with one method.
type operation struct {
	method, path string
	// scopes lists the scopes of which the token must have one.
	scopes []string
	serve  func(c *call) error
}

// call is one operation that somebody asks for, and what has come of it. It knows
// nothing of HTTP, so that a request and the server itself call operations alike: see
// handler and configured.
type call struct {
	*api
	ctx    context.Context //nolint:containedctx // of this one call
	method string          // that of the operation
	params map[string]string
	query  url.Values
	from   source
	// addressed is the host name that the request came to, "" for the server's own calls.
	addressed string
	caller    caller
	now       time.Time
	// body is the body that read has read, and sent the same as it came.
	body, sent storage.Document
	// tx is the transaction that the call is part of, nil for one that has its own.
	tx *storage.Tx
	// bulk gathers what the calls of one import write to the same objects, nil for a call by itself.
	bulk *objects.Bulk
	// givenID is the id that a new document is to have, "" for a new one.
	givenID string
	// whole gives lists whole and in no form, as the server's own calls want them.
	whole bool
	// bare reads documents with the secrets that the API hides, for an import or an export, which show none.
	bare bool

	answer  answer
	effects objects.Effects
}

// answer is what an operation answers with.
type answer struct {
	status int
	// body is the document or the list, and bodiless says that there is none.
	body     any
	bodiless bool
	// list is the list of which a request gets the page that it asks for, where there is one.
	list *list
}

// list is all of a list that is at hand.
type list struct {
	listing
	docs []storage.Document
}

// source is where the body of a call comes from.
type source interface {
	content() (content, error)
	// usersForm is the form of an import of users, RFC 7578.
	usersForm() (importForm, error)
}

// content is the body of a call.
type content struct {
	// raw is the body of a request as it came.
	raw []byte
	// none says that there is no body, and faulty that it is no JSON. Of any other, value
	// is the JSON value.
	none, faulty bool
	value        any
}

// perform does the operation, and returns its answer and what is to be done once its
// transaction is kept. A fault leaves nothing to do.
func (op operation) perform(c *call) (answer, objects.Effects, error) {
	if err := op.serve(c); err != nil {
		return answer{}, objects.Effects{}, err
	}
	return c.answer, c.effects, nil
}

// param is a variable of the path, "" for one that it does not have.
func (c *call) param(name string) string { return c.params[name] }

// read takes the body, a JSON object; without one it is empty.
func (c *call) read() error {
	sent, err := c.from.content()
	switch {
	case err != nil:
		return err
	case sent.faulty:
		return malformed
	case sent.none:
		c.body = storage.Document{}
		return nil
	}
	body, ok := sent.value.(storage.Document)
	if !ok {
		return resource.InvalidBody("Payload validation error: 'Expected type object but found type " + typeName(sent.value) + "'.")
	}
	c.body, c.sent = body, maps.Clone(body)
	return nil
}

// check holds the body against a kind before the transaction that writes it, since that may
// take its time. there finds what the call is about: where it is not, that is told first, as
// Auth0 does.
func (c *call) check(kind *resource.Kind, op resource.Operation, there func(*storage.Tx) error) error {
	wrong := kind.Check(c.body, op)
	if wrong == nil {
		return nil
	}
	if err := c.view(there); err != nil {
		return err
	}
	return wrong
}

// readList takes the body, a list of texts or of objects; null counts as an empty one of
// those. Anything else is answered with refusal.
func readList[T string | storage.Document](c *call, refusal error) ([]T, error) {
	sent, err := c.from.content()
	if err != nil {
		return nil, err
	}
	items, isList := sent.value.([]any)
	if sent.none || sent.faulty || !isList && sent.value != nil {
		return nil, refusal
	}
	if !isList {
		return nil, nil
	}
	all := make([]T, len(items))
	for i, item := range items {
		var fits bool
		if all[i], fits = item.(T); !fits && item != nil {
			return nil, refusal
		}
	}
	return all, nil
}

// notAList is the answer to a body that is no list.
var notAList = resource.InvalidBody("Payload validation error: 'Expected type array'.")

var malformed = &apierr.Error{Status: http.StatusBadRequest, Message: "Invalid request payload JSON format", Extra: map[string]any{"errorCode": "invalid_body"}}

func typeName(v any) string {
	switch v.(type) {
	case []any:
		return "array"
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	}
	return "null"
}

// reply answers with a JSON value.
func (c *call) reply(status int, v any) error {
	c.answer = answer{status: status, body: v}
	return nil
}

// empty answers without a body.
func (c *call) empty(status int) error {
	c.answer = answer{status: status, bodiless: true}
	return nil
}

// page answers with a list that is at hand.
func (c *call) page(docs []storage.Document, l listing) error {
	c.answer = answer{status: http.StatusOK, body: docs, list: &list{listing: l, docs: docs}}
	return nil
}

// readAs takes the body and holds it against a kind.
func (c *call) readAs(kind *resource.Kind, op resource.Operation) error {
	if err := c.read(); err != nil {
		return err
	}
	return kind.Check(c.body, op)
}

// replyView answers with what a look at the tenant gives.
func replyView[T any](c *call, look func(*storage.Tx) (T, error)) error {
	var found T
	err := c.view(func(tx *storage.Tx) (err error) {
		found, err = look(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, found)
}

// replyChange answers with what a change gives, and emptyChange without a body.
func replyChange[T any](c *call, status int, change func(*objects.Change) (T, error)) error {
	var made T
	err := c.change(func(ch *objects.Change) (err error) {
		made, err = change(ch)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(status, made)
}

func (c *call) emptyChange(status int, change func(*objects.Change) error) error {
	if err := c.change(change); err != nil {
		return err
	}
	return c.empty(status)
}

// view and update run one transaction of the call, or go on with the one that it is
// part of.
func (c *call) view(fn func(*storage.Tx) error) error {
	if c.tx != nil {
		return fn(c.tx)
	}
	return c.DB.View(c.ctx, fn)
}

// change runs a change of objects as update does, and takes over what is to be done once it
// is kept.
func (c *call) change(fn func(*objects.Change) error) error {
	return c.update(func(tx *storage.Tx) error {
		ch := c.within(tx)
		if err := fn(ch); err != nil {
			return err
		}
		c.effects.Add(ch.Effects)
		return nil
	})
}

// within is a change that the call makes in a transaction.
func (c *call) within(tx *storage.Tx) *objects.Change {
	ch := &objects.Change{
		Services: c.services(), Author: objects.Author{ClientID: c.caller.ClientID, Host: c.addressed}, Tx: tx, Now: c.now, GivenID: c.givenID, Bulk: c.bulk,
	}
	if !c.caller.machine() {
		ch.Author.UserID = c.caller.Subject
	}
	ch.Force, _ = strconv.ParseBool(c.query.Get("force"))
	return ch
}

func (c *call) update(fn func(*storage.Tx) error) error {
	if c.tx != nil {
		return fn(c.tx)
	}
	began := *c
	return c.DB.Update(c.ctx, func(tx *storage.Tx) error {
		*c = began // whatever an earlier run has made of it
		c.body = resource.Clone(began.body)
		return fn(tx)
	})
}
