package management

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// served says how the objects of a kind are served: what is common to all resources follows
// from it.
type served struct {
	kind *objects.Kind
	// path is that of the list, such as "/roles"; param is the variable that
	// follows it in the path of one object, "id" unless it is set.
	path, param string
	// parent is the variable of the path that names what the objects belong to, "" for those
	// that belong to nothing.
	parent string
	// verbs lists the operations: list, create, get, patch, put, delete.
	verbs string
	// scope names the resource in scopes, as in read:roles; scopes lists by verb
	// those that are others.
	scope  string
	scopes map[string][]string
	// checkPath refuses a path in words of its own; nil for none.
	checkPath func(c *call, tx *storage.Tx) error
	// id reads the id of the path; nil where it is the variable as it is.
	id func(c *call) string

	list listing
	// hides says that answers have none of the members that the kind marks as secrets.
	hides bool
	// show makes of a stored document what the answer holds.
	show func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error)
	// detail adds to the answer about one object what lists do not have; nil for nothing.
	detail func(c *call, tx *storage.Tx, doc storage.Document) error

	// always names members that fields does not take away.
	always []string
	// allKnown says that documents have no members but those of the kind, so that
	// fields may name no others.
	allKnown bool

	// created is the status of a create, 201 unless it is set.
	created int
	// strict deletes want something to delete; most of Auth0's succeed without.
	strict bool
	// gone answers a delete, with 204 unless it is set.
	gone func(c *call, doc storage.Document) error
}

// operations lists the routes of a served resource.
func (s served) operations() []operation {
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

func (s served) idParam() string {
	if s.param == "" {
		return "id"
	}
	return s.param
}

func (s served) shown(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
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

// keepSecrets copies a document that is about to be shown, where its secrets are to be shown as well; nil where they are not.
func (c *call) keepSecrets(doc storage.Document) storage.Document {
	if !c.bare {
		return nil
	}
	return resource.Clone(doc)
}

// open returns where the objects of the path are, and in the same for a change of them.
func (s served) open(c *call, tx *storage.Tx) (objects.Store, error) {
	if s.checkPath != nil {
		if err := s.checkPath(c, tx); err != nil {
			return nil, err
		}
	}
	return s.kind.Open(tx, c.param(s.parent))
}

func (s served) in(c *call, ch *objects.Change) (objects.Collection, error) {
	if s.checkPath != nil {
		if err := s.checkPath(c, ch.Tx); err != nil {
			return objects.Collection{}, err
		}
	}
	return s.kind.In(ch, c.param(s.parent))
}

// oneID is the id of the object of the path.
func (s served) oneID(c *call) string {
	if s.id != nil {
		return s.id(c)
	}
	return c.param(s.idParam())
}

// find returns the object of the path, or the kind's answer for none.
func (s served) find(c *call, tx *storage.Tx) (storage.Document, error) {
	st, err := s.open(c, tx)
	if err != nil {
		return nil, err
	}
	return objects.Collection{Kind: s.kind, Store: st}.Find(s.oneID(c))
}

func (s served) serveGet(c *call) error {
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

func (s served) serveCreate(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	// What is wrong with the body is told before anything about the tenant, and does not
	// wait for other changes.
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

func (s served) servePatch(c *call) error {
	return s.change(c, resource.Update, objects.Collection.Update)
}

// servePut replaces all that may be changed and keeps what the server made.
func (s served) servePut(c *call) error {
	return s.change(c, resource.Replace, objects.Collection.Replace)
}

func (s served) change(
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

func (s served) serveDelete(c *call) error {
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
