package management

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// served says how the documents of a kind are served: what is common to all
// resources follows from it.
type served struct {
	kind *resource.Kind
	// path is that of the list, such as "/roles"; param is the variable that
	// follows it in the path of one document, "id" unless it is set.
	path, param string
	// verbs lists the operations: list, create, get, patch, put, delete.
	verbs string
	// scope names the resource in scopes, as in read:roles; scopes lists by verb
	// those that are others.
	scope  string
	scopes map[string][]string
	// keep returns where the documents are.
	keep func(c *call, tx *storage.Tx) (store, error)

	list listing
	// before checks a new or changed document, and completes it: old is nil for a
	// new one. after does what else the change brings along, in the same
	// transaction.
	before func(c *call, tx *storage.Tx, doc, old storage.Document) error
	after  func(c *call, tx *storage.Tx, doc, old storage.Document) error
	// deleted takes along what depends on a document that is gone.
	deleted func(c *call, tx *storage.Tx, doc storage.Document) error
	// show makes of a stored document what the answer holds.
	show func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error)

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
	if s.show == nil {
		return doc, nil
	}
	stored := c.keepSecrets(doc)
	shown, err := s.show(c, tx, doc)
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

// objects are those of the resource, with what a change of one brings along.
func (s served) objects(c *call, tx *storage.Tx) (objects.Collection, error) {
	st, err := s.keep(c, tx)
	o := objects.Collection{Kind: s.kind, Store: st}
	if s.before != nil {
		o.Before = func(doc, old storage.Document) error { return s.before(c, tx, doc, old) }
	}
	if s.after != nil {
		o.After = func(doc, old storage.Document) error { return s.after(c, tx, doc, old) }
	}
	if s.deleted != nil {
		o.Deleted = func(doc storage.Document) error { return s.deleted(c, tx, doc) }
	}
	return o, err
}

// find returns the document of the path, or the kind's answer for none.
func (s served) find(c *call, st store) (storage.Document, error) {
	return objects.Collection{Kind: s.kind, Store: st}.Find(c.param(s.idParam()))
}

func (s served) serveGet(c *call) error {
	if err := s.checkFields(c); err != nil {
		return err
	}
	var doc storage.Document
	err := c.view(func(tx *storage.Tx) error {
		st, err := s.keep(c, tx)
		if err != nil {
			return err
		}
		if doc, err = s.find(c, st); err != nil {
			return err
		}
		doc, err = s.shown(c, tx, doc)
		return err
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
	err := c.update(func(tx *storage.Tx) error {
		o, err := s.objects(c, tx)
		if err != nil {
			return err
		}
		if err := o.Create(c.body, c.givenID, c.now); err != nil {
			return err
		}
		doc, err = s.shown(c, tx, c.body)
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
	return s.change(c, resource.Update, objects.Collection.Change)
}

// servePut replaces all that may be changed and keeps what the server made.
func (s served) servePut(c *call) error {
	return s.change(c, resource.Replace, objects.Collection.Replace)
}

func (s served) change(
	c *call, op resource.Operation,
	change func(o objects.Collection, id string, sent storage.Document, now time.Time) (storage.Document, error),
) error {
	if err := c.read(); err != nil {
		return err
	}
	var doc storage.Document
	err := c.check(s.kind, op, func(tx *storage.Tx) error {
		st, err := s.keep(c, tx)
		if err == nil {
			_, err = s.find(c, st)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		o, err := s.objects(c, tx)
		if err != nil {
			return err
		}
		if doc, err = change(o, c.param(s.idParam()), c.body, c.now); err != nil {
			return err
		}
		doc, err = s.shown(c, tx, doc)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

func (s served) serveDelete(c *call) error {
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) error {
		o, err := s.objects(c, tx)
		if err != nil {
			return err
		}
		doc, err = o.Delete(c.param(s.idParam()))
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
