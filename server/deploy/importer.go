package deploy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Tenant is what a configuration is imported into, or exported from.
type Tenant struct {
	DB   *storage.DB
	Open Opener
}

// Import makes the tenant hold a configuration in the form of auth0-deploy-cli, by
// section. It is one change: a fault in one object leaves everything as it
// was, and so do dry and an end of the context. What is in the tenant and not in the
// configuration stays. The sections are prepared beside the store's writers, and also is
// done in the update that writes them, after them. What the change brings about outside of
// the store is done once it is kept; a fault in that is an error which says that all is
// kept.
func (t Tenant) Import(ctx context.Context, sections storage.Document, dry bool, also func(*storage.Tx) error) (Report, error) {
	var report Report
	var effects Effects // of the last run
	prepare := func(tx *storage.Tx) (err error) {
		report, effects, err = t.ImportInto(ctx, tx, sections)
		return err
	}
	then := func(tx *storage.Tx) error {
		if err := also(tx); err != nil {
			return err
		}
		return ctx.Err() // what nobody waits for any more is not written
	}
	if dry {
		err := t.DB.Rehearse(func(tx *storage.Tx) error {
			if err := prepare(tx); err != nil {
				return err
			}
			return then(tx)
		})
		return report, err
	}
	if err := t.DB.Prepare(prepare, then); err != nil {
		return report, err
	}
	if err := effects.CarryOut(); err != nil {
		return report, fmt.Errorf("all is kept, but a message is not sent: %w", err)
	}
	return report, nil
}

// ImportInto is Import as a part of a transaction. The effects are to be carried out once
// it is kept; of a transaction that runs again, those of the last run.
func (t Tenant) ImportInto(ctx context.Context, tx *storage.Tx, sections storage.Document) (Report, Effects, error) {
	o, effects := t.Open(ctx, tx)
	im := newImporter(o, tx)
	own, err := objects.Value(sections) // numbers as JSON has them, and nothing of the caller's is changed
	if err != nil {
		return im.report, effects, err
	}
	sections, _ = own.(storage.Document)
	err = im.all(sections)
	return im.report, effects, err
}

// importer imports or exports one configuration.
type importer struct {
	objects Objects
	tx      *storage.Tx
	report  Report
	lists   map[string][]storage.Document // what there is, by place
	// ids says that an export has ids.
	ids bool
}

func newImporter(o Objects, tx *storage.Tx) *importer {
	return &importer{objects: o, tx: tx, report: Report{Changes: []Change{}, Skipped: []Skipped{}}, lists: map[string][]storage.Document{}}
}

func (im *importer) create(p Place, body any) (any, error) { return created(im.objects, p, body) }

// all imports the sections in an order in which what is referred to comes first.
func (im *importer) all(sections storage.Document) error {
	done := map[string]bool{}
	for _, s := range importSections() {
		done[s.name] = true
		value, there := sections[s.name]
		if !there || value == nil {
			continue
		}
		if err := s.run(im, value); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		im.noteCode(s.name, value)
	}
	var unknown []string
	for name, value := range sections {
		if !done[name] && !IsEmpty(value) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		im.skip(name, "", "tenant0 import does not know this section")
	}
	return nil
}

// noteCode names the objects of a section that bring code.
func (im *importer) noteCode(section string, value any) {
	im.report.Kept = append(im.report.Kept, KeptCode(section, ItemsOf(value))...)
}

func (im *importer) skip(section, name, reason string) {
	im.report.Skipped = append(im.report.Skipped, Skipped{Section: section, Name: name, Reason: reason})
}

func (im *importer) changed(action, section, name string, differences ...string) {
	im.report.Changes = append(im.report.Changes, Change{Action: action, Section: section, Name: name, Differences: differences})
}

// alsoChanged notes what belongs to the object that was imported last and is different
// now.
func (im *importer) alsoChanged(change resource.Difference) {
	last := &im.report.Changes[len(im.report.Changes)-1]
	if last.Action == "create" {
		return
	}
	last.Action = "update"
	last.Differences = append(last.Differences, Told(change))
}

// list returns all that there is at a place, and remembers it.
func (im *importer) list(p Place) ([]storage.Document, error) {
	if known, ok := im.lists[p.String()]; ok {
		return known, nil
	}
	all, err := im.objects.List(p)
	if err == nil {
		im.lists[p.String()] = all
	}
	return all, err
}

// find returns what at a path has the values of an item in some members, nil for
// nothing.
func (im *importer) find(path string, item storage.Document, members ...string) (storage.Document, error) {
	all, err := im.list(at(path))
	if err != nil {
		return nil, err
	}
	for _, doc := range all {
		if !slices.ContainsFunc(members, func(m string) bool { return !reflect.DeepEqual(doc[m], item[m]) }) {
			return doc, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is an answer
}

// id is the id of what at a path has a name; a name that is an id is that.
func (im *importer) id(path, name, idMember string) (string, error) {
	all, err := im.list(at(path))
	if err != nil {
		return "", err
	}
	for _, doc := range all {
		if doc["name"] == name || doc[idMember] == name {
			return text(doc, idMember), nil
		}
	}
	return "", fmt.Errorf("%s has none with the name %q", strings.Trim(path, "/"), name)
}

// put creates an item of a section, which reports call by the name, or changes what is
// there, and returns its id.
func (im *importer) put(s collection, name string, item storage.Document) (id string, err error) {
	there, err := im.find(s.path, item, s.members()...)
	if err != nil {
		return "", err
	}
	kind := im.objects.Kind(s.path)
	if there == nil {
		made, err := im.objects.Create(at(s.path), sendable(item, kind, resource.ReadOnly, resource.UpdateOnly), text(item, s.id))
		if err != nil {
			return "", err
		}
		doc, _ := made.(storage.Document)
		im.lists[s.path] = append(im.lists[s.path], doc)
		im.changed("create", s.name, name)
		id = text(doc, s.id)
		later := sendable(item, kind, resource.ReadOnly, resource.CreateOnly, resource.Writable)
		if kind == nil || len(kind.Field().Differences(doc, later)) == 0 {
			return id, nil
		}
		changed, err := im.objects.Change(one(s.path, id), later)
		im.relist(s.path, s.id, changed)
		return id, err
	}
	id = text(there, s.id)
	if namesOnly(s.path) {
		if there, err = im.object(one(s.path, id)); err != nil {
			return "", err
		}
	}
	change := sendable(item, kind, resource.ReadOnly, resource.CreateOnly)
	KeepUnset(there, change)
	changes := im.objects.Kind(s.path).Field().Differences(there, change)
	if len(changes) == 0 {
		im.changed("unchanged", s.name, name)
		return id, nil
	}
	changed, err := im.objects.Change(one(s.path, id), change)
	if err != nil {
		return "", err
	}
	im.relist(s.path, s.id, changed)
	im.changed("update", s.name, name, TellAll(changes)...)
	return id, nil
}

// relist puts an object as it is now into the list of what there is at a path.
func (im *importer) relist(path, idMember string, object any) {
	doc, _ := object.(storage.Document)
	at := slices.IndexFunc(im.lists[path], func(there storage.Document) bool { return there[idMember] == doc[idMember] })
	if at < 0 {
		delete(im.lists, path)
		return
	}
	im.lists[path][at] = doc
}

// namesOnly says of a path that its list shows no more than the names of objects.
func namesOnly(path string) bool { return path == "/flows" || path == "/forms" }

// inObject says which object a fault is in.
func inObject(name string, err error) error {
	if e, ok := errors.AsType[*apierr.Error](err); ok {
		return fmt.Errorf("%q: %s", name, e.Message)
	}
	return fmt.Errorf("%q: %w", name, err)
}

// sendable is an item without the members that may not be sent.
func sendable(item storage.Document, kind *resource.Kind, forbidden ...resource.Access) storage.Document {
	sent := storage.Document{}
	for name, value := range item {
		if kind != nil && slices.Contains(forbidden, accessOf(kind, name)) {
			continue
		}
		sent[name] = value
	}
	return sent
}

// accessOf says when a member may be sent; one that is not described may be.
func accessOf(kind *resource.Kind, name string) resource.Access {
	return kind.Fields[name].Access
}
