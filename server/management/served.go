package management

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// collection says how the objects of a kind are served. The operations that all resources have in common are made from
// it.
type collection struct {
	kind *objects.Kind
	// path is the path of the list, such as "/roles". param is the variable that follows it in the path of an object,
	// "id" if it is "".
	path, param string
	// parent is the path variable that names the objects' parent, "" if they have none.
	parent string
	// verbs lists the operations: list, create, get, patch, put, delete.
	verbs string
	// scope is the name of the resource in scopes, such as roles in read:roles. scopes maps verbs to other scopes, if
	// they have any.
	scope  string
	scopes map[string][]string
	// checkPath returns an error if the path is not valid; nil if no check is needed.
	checkPath func(c *call, tx *storage.Tx) error
	// id returns the id in the path; nil if that is the variable's value, unchanged.
	id func(c *call) string

	list listing
	// hides says that responses omit the members that the kind marks as secret.
	hides bool
	// show makes the object in the response from a stored document.
	show func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error)
	// detail adds members that lists do not have to the response for a single object; nil for none.
	detail func(c *call, tx *storage.Tx, doc storage.Document) error

	// always are members that are shown even if the query parameter fields does not name them.
	always []string
	// allKnown says that the kind describes all members, so the query parameter fields may not name any others.
	allKnown bool

	// created is the status of the response to a create, 201 if it is 0.
	created int
	// strict says that deleting an object that does not exist is an error. Most of Auth0's deletes succeed then.
	strict bool
	// gone responds to a delete; if it is nil, the status is 204.
	gone func(c *call, doc storage.Document) error
}

// operations returns the operations of a resource.
func (s collection) operations() []operation {
	one := s.path + "/{" + s.idParam() + "}"
	all := map[string]operation{
		"list":   {http.MethodGet, s.path, []string{"read:" + s.scope}, s.serveList},
		"create": {http.MethodPost, s.path, []string{"create:" + s.scope}, s.serveCreate},
		"get":    {http.MethodGet, one, []string{"read:" + s.scope}, s.serveGet},
		"patch":  {http.MethodPatch, one, []string{"update:" + s.scope}, s.servePatch},
		"put":    {http.MethodPut, one, []string{"update:" + s.scope}, s.servePut},
		"delete": {http.MethodDelete, one, []string{"delete:" + s.scope}, s.serveDelete},
	}
	var ops []operation
	for verb := range strings.FieldsSeq(s.verbs) {
		op := all[verb]
		if other, ok := s.scopes[verb]; ok {
			op.scopes = other
		}
		ops = append(ops, op)
	}
	return ops
}

func (s collection) idParam() string {
	if s.param == "" {
		return "id"
	}
	return s.param
}

func (s collection) shown(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	if s.show == nil && !s.hides {
		return doc, nil
	}
	stored, shown := c.keepSecrets(doc), doc
	var err error
	if s.show != nil {
		shown, err = s.show(c, tx, doc)
	}
	if s.hides {
		s.kind.Hide(shown)
	}
	if stored != nil && err == nil {
		s.kind.Restore(shown, stored)
	}
	return shown, err
}

// keepSecrets returns a copy of a document if its secrets are to be shown as well, and nil if they are not.
func (c *call) keepSecrets(doc storage.Document) storage.Document {
	if !c.withSecrets {
		return nil
	}
	return resource.Clone(doc)
}

// open returns the store of the objects in the path. The method in returns their collection, for a change.
func (s collection) open(c *call, tx *storage.Tx) (objects.Store, error) {
	if s.checkPath != nil {
		if err := s.checkPath(c, tx); err != nil {
			return nil, err
		}
	}
	return s.kind.Open(tx, c.param(s.parent))
}

func (s collection) in(c *call, ch *objects.Change) (objects.Collection, error) {
	if s.checkPath != nil {
		if err := s.checkPath(c, ch.Tx); err != nil {
			return objects.Collection{}, err
		}
	}
	return s.kind.In(ch, c.param(s.parent))
}

// oneID returns the id of the object in the path.
func (s collection) oneID(c *call) string {
	if s.id != nil {
		return s.id(c)
	}
	return c.param(s.idParam())
}

// find returns the object in the path, or the kind's error Missing.
func (s collection) find(c *call, tx *storage.Tx) (storage.Document, error) {
	st, err := s.open(c, tx)
	if err != nil {
		return nil, err
	}
	return objects.Collection{Kind: s.kind, Store: st}.Find(s.oneID(c))
}

func (s collection) serveGet(c *call) error {
	if err := s.checkFields(c); err != nil {
		return err
	}
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		if doc, err = s.find(c, tx); err != nil {
			return err
		}
		if doc, err = s.shown(c, tx, doc); err != nil || s.detail == nil {
			return err
		}
		return s.detail(c, tx, doc)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.selectFields(doc, s.always...))
}

func (s collection) serveCreate(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	// Check the body before the transaction: its faults are reported before anything about the tenant, and the check
	// does not wait for other changes.
	if err := s.kind.Check(c.body, resource.Create); err != nil {
		return err
	}
	var doc storage.Document
	err := c.change(func(ch *objects.Change) error {
		o, err := s.in(c, ch)
		if err != nil {
			return err
		}
		if doc, err = o.Create(c.body); err != nil {
			return err
		}
		doc, err = s.shown(c, ch.Tx, doc)
		return err
	})
	if err != nil {
		return err
	}
	status := s.created
	if status == 0 {
		status = http.StatusCreated
	}
	return c.reply(status, doc)
}

func (s collection) servePatch(c *call) error {
	return s.change(c, resource.Update, objects.Collection.Update)
}

// servePut replaces all writable members, and keeps those that the server has set.
func (s collection) servePut(c *call) error {
	return s.change(c, resource.Replace, objects.Collection.Replace)
}

func (s collection) change(
	c *call, op resource.Operation,
	change func(o objects.Collection, id string, sent storage.Document) (storage.Document, error),
) error {
	if err := c.read(); err != nil {
		return err
	}
	var doc storage.Document
	err := c.check(s.kind.Kind, op, func(tx *storage.Tx) error {
		_, err := s.find(c, tx)
		return err
	})
	if err != nil {
		return err
	}
	err = c.change(func(ch *objects.Change) error {
		o, err := s.in(c, ch)
		if err != nil {
			return err
		}
		if doc, err = change(o, s.oneID(c), c.body); err != nil {
			return err
		}
		doc, err = s.shown(c, ch.Tx, doc)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

func (s collection) serveDelete(c *call) error {
	var doc storage.Document
	err := c.change(func(ch *objects.Change) error {
		o, err := s.in(c, ch)
		if err != nil {
			return err
		}
		doc, err = o.Delete(s.oneID(c))
		if doc == nil && !s.strict && errors.Is(err, s.kind.Missing) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.gone != nil && doc != nil {
		return s.gone(c, doc)
	}
	return c.empty(http.StatusNoContent)
}
