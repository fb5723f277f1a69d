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

// operation is one operation of the API: a method and a path.
type operation struct {
	method, path string
	// scopes lists the scopes of which the token must have at least one.
	scopes []string
	serve  func(c *call) error
}

// call is one execution of an operation, with its outcome. It does not depend on HTTP, so that requests and
// the server itself can execute operations in the same way: see handler and configured.
type call struct {
	*api
	ctx    context.Context //nolint:containedctx // of this one call
	method string          // the method of the operation
	params map[string]string
	query  url.Values
	from   source
	// addressed is the host name of the request, "" for the server's own calls.
	addressed string
	caller    caller
	now       time.Time
	// body is the body that read has decoded, and sent an unmodified copy of it.
	body, sent storage.Document
	// tx is the transaction that the call is part of, nil if the call runs its own transactions.
	tx *storage.Tx
	// bulk collects writes that the calls of one import make to the same objects, nil for other calls.
	bulk *objects.Bulk
	// givenID is the id for a new object, "" to generate one.
	givenID string
	// unpaged says that lists are returned complete and without paging members, as the server's own calls need
	// them.
	unpaged bool
	// withSecrets says that objects are read with the secrets that the API hides, for an import or an export.
	// Neither shows them to a client.
	withSecrets bool

	answer  answer
	effects objects.Effects
}

// answer is the response of an operation.
type answer struct {
	status int
	// body is the document or the list. bodiless says that the response has no body.
	body     any
	bodiless bool
	// list is a complete list, from which a request gets the page that it asks for; nil if the response is
	// not such a list.
	list *list
}

// list is a list that is completely in memory.
type list struct {
	listing
	docs []storage.Document
}

// source provides the body of a call.
type source interface {
	content() (content, error)
	// usersForm returns the multipart form of a users import, RFC 7578.
	usersForm() (importForm, error)
}

// content is the body of a call.
type content struct {
	// raw is the body of a request, unchanged.
	raw []byte
	// none says that there is no body, and faulty that the body is not valid JSON. Otherwise value is the
	// decoded JSON value.
	none, faulty bool
	value        any
}

// perform executes the operation. It returns the response, and the effects to carry out after its
// transaction is committed. With an error there are no effects.
func (op operation) perform(c *call) (answer, objects.Effects, error) {
	if err := op.serve(c); err != nil {
		return answer{}, objects.Effects{}, err
	}
	return c.answer, c.effects, nil
}

// param returns a variable of the path, "" if the path does not have it.
func (c *call) param(name string) string { return c.params[name] }

// read decodes the body, which must be a JSON object. Without a body it is an empty object.
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

// check checks the body against a kind. It does so before the transaction that writes, since the check may
// take long. there finds the object that the call is about; if that does not exist, its error takes
// precedence, as at Auth0.
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

// readList decodes the body, which must be a list of strings or of objects; null counts as an empty list.
// For any other body it returns refusal.
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

// notAList is the error for a body that is not a list.
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

// reply sets a response with a JSON body.
func (c *call) reply(status int, v any) error {
	c.answer = answer{status: status, body: v}
	return nil
}

// empty sets a response without a body.
func (c *call) empty(status int) error {
	c.answer = answer{status: status, bodiless: true}
	return nil
}

// page sets a response from a list that is completely in memory.
func (c *call) page(docs []storage.Document, l listing) error {
	c.answer = answer{status: http.StatusOK, body: docs, list: &list{listing: l, docs: docs}}
	return nil
}

// readAs decodes the body, and checks it against a kind.
func (c *call) readAs(kind *resource.Kind, op resource.Operation) error {
	if err := c.read(); err != nil {
		return err
	}
	return kind.Check(c.body, op)
}

// replyView responds with what look returns in a read transaction.
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

// replyChange responds with what a change returns, and emptyChange without a body.
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

// view and update run a function in a transaction: in the one that the call is part of, or else in a new
// one.
func (c *call) view(fn func(*storage.Tx) error) error {
	if c.tx != nil {
		return fn(c.tx)
	}
	return c.DB.View(c.ctx, fn)
}

// change runs a change of objects in an update, and adds its effects to those of the call.
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

// within returns a change that the call makes in a transaction.
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
		*c = began // discards what an earlier run of the transaction has changed
		c.body = resource.Clone(began.body)
		return fn(tx)
	})
}
