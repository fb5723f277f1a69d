package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Tenant is a tenant to import a configuration into, or to export one from.
type Tenant struct {
	DB     *storage.DB
	Open   Opener
	Issuer string
	// Passwords hashes the passwords of users.
	Passwords *identity.Passwords
	Now       func() time.Time
}

// open begins an import or an export in a transaction. The effects are to be carried out after
// the commit. If the transaction runs several times, only the effects of the last run count.
func (t Tenant) open(ctx context.Context, tx *storage.Tx) (*importer, Effects) {
	o, effects := t.Open(ctx, tx)
	return &importer{
		objects: o, settle: effects.Settle, tx: tx, issuer: t.Issuer,
		report: Report{Changes: []Change{}, Skipped: []Skipped{}}, lists: map[string][]storage.Document{}, called: map[string]*references{}, found: map[string]found{},
	}, effects
}

// importer imports or exports one configuration.
type importer struct {
	objects Objects
	settle  func() error // see Effects
	tx      *storage.Tx
	issuer  string
	report  Report
	lists   map[string][]storage.Document // the existing objects, by place
	called  map[string]*references        // the names and ids of existing objects, by path
	found   map[string]found              // existing objects indexed by values of members
	// ids says that an export includes ids.
	ids bool
	// left names what an export leaves out, because a configuration cannot hold it.
	left []string
	// fresh says that the configuration is the seed of a new tenant. generated has the client
	// secrets that were generated for it, by client id. coming has the ids of objects that
	// will be created later, by path and name.
	fresh     bool
	generated map[string]string
	coming    map[string]map[string]string
}

func (im *importer) create(p Place, body any) (any, error) { return created(im.objects, p, body) }

// apply imports sections.
func (im *importer) apply(sections storage.Document) error {
	own, err := objects.Value(sections) // a copy with JSON's number type, so that the caller's value is not changed
	if err != nil {
		return err
	}
	sections, _ = own.(storage.Document)
	return im.all(sections)
}

// all imports the sections in an order in which objects come before the ones that refer to
// them.
func (im *importer) all(sections storage.Document) error {
	done := map[string]bool{}
	for _, s := range importSections() {
		done[s.name] = true
		if value := sections[s.name]; value != nil {
			if err := s.bring(im, value); err != nil {
				return refused(s.name, err)
			}
			im.noteCode(s.name, value)
		}
		if im.fresh {
			if err := im.furnish(s.name); err != nil {
				return err
			}
		}
		if err := im.settle(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
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

// noteCode adds the objects of a section that contain code to the report.
func (im *importer) noteCode(section string, value any) {
	im.report.Kept = append(im.report.Kept, keptCode(section, ItemsOf(value))...)
}

func (im *importer) skip(section, name, reason string) {
	im.report.Skipped = append(im.report.Skipped, Skipped{Section: section, Name: name, Reason: reason})
}

func (im *importer) changed(action, section, name string, differences ...string) {
	im.report.Changes = append(im.report.Changes, Change{Action: action, Section: section, Name: name, Differences: differences})
}

// alsoChanged adds another changed member to the report about the object that was imported
// last.
func (im *importer) alsoChanged(change resource.Difference) {
	last := &im.report.Changes[len(im.report.Changes)-1]
	if last.Action == "create" {
		return
	}
	last.Action = "update"
	last.Differences = append(last.Differences, Describe(change))
}

// list returns all objects at a place, and caches the list.
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

// found is an index of the objects at a path by the values of some members.
type found struct {
	path    string
	members []string
	objects map[string]storage.Document
}

// key returns the values of the members as JSON.
func (f found) key(doc storage.Document) string {
	values := make([]any, len(f.members))
	for i, member := range f.members {
		values[i] = doc[member]
	}
	return jsonText(values)
}

// add adds an object to the index. Of several objects with the same key, the first is kept.
func (f found) add(doc storage.Document) {
	if key := f.key(doc); f.objects[key] == nil {
		f.objects[key] = doc
	}
}

// replace replaces an object by its changed version, and reports whether the key is still the
// same.
func (f found) replace(old, doc storage.Document, idMember string) bool {
	key := f.key(doc)
	if key != f.key(old) {
		return false
	}
	if f.objects[key][idMember] == doc[idMember] {
		f.objects[key] = doc
	}
	return true
}

// find returns the object at a path whose members have the same values as the item's, or nil.
func (im *importer) find(path string, item storage.Document, members ...string) (storage.Document, error) {
	by := strings.Join(append([]string{path}, members...), " ")
	f, known := im.found[by]
	if !known {
		all, err := im.list(at(path))
		if err != nil {
			return nil, err
		}
		f = found{path, members, map[string]storage.Document{}}
		for _, doc := range all {
			f.add(doc)
		}
		im.found[by] = f
	}
	return f.objects[f.key(item)], nil
}

// references has the names and ids by which the objects at a path are referred to.
type references struct {
	ids   map[string]string // ids by name and by id
	names map[string]string // by id
	named map[string]int    // the number of objects with a name
}

// references returns the references of a path. idMember is the member with the objects' ids.
func (im *importer) references(path, idMember string) (*references, error) {
	if known := im.called[path]; known != nil {
		return known, nil
	}
	all, err := im.list(at(path))
	if err != nil {
		return nil, err
	}
	r := &references{map[string]string{}, map[string]string{}, map[string]int{}}
	for _, doc := range all {
		id, name := storage.Text(doc, idMember), storage.Text(doc, "name")
		for _, called := range []string{name, id} {
			if _, taken := r.ids[called]; !taken {
				r.ids[called] = id
			}
		}
		r.names[id] = name
		r.named[name]++
	}
	im.called[path] = r
	return r, nil
}

// id returns the id of the object with a name at a path. The name may also be an id.
func (im *importer) id(path, name, idMember string) (string, error) {
	r, err := im.references(path, idMember)
	if err != nil {
		return "", err
	}
	if id, known := r.ids[name]; known {
		return id, nil
	}
	return "", fmt.Errorf("%s has no object named %q", strings.Trim(path, "/"), name)
}

// made adds a new object to the cached lists.
func (im *importer) made(path string, doc storage.Document) {
	if all, known := im.lists[path]; known { // a list that is read later contains the object
		im.lists[path] = append(all, doc)
	}
	delete(im.called, path)
	for _, f := range im.found {
		if f.path == path {
			f.add(doc)
		}
	}
}

// restore adds an object at a path with Objects.Restore.
func (im *importer) restore(path string, doc storage.Document, id string) (storage.Document, error) {
	made, err := im.objects.Restore(at(path), doc, id)
	if err != nil {
		return nil, err
	}
	doc, _ = made.(storage.Document)
	im.made(path, doc)
	return doc, nil
}

// described are the sections whose members the tenant file's own format describes.
var described = []string{"tenant", "clients", "resourceServers", "databases", "connections", "clientGrants", "roles"}

// seeds reports whether the objects of a section are created exactly as in the tenant file:
// the tenant is new, and the section is one of described.
func (im *importer) seeds(section string) bool {
	return im.fresh && slices.Contains(described, section)
}

// seed creates an object of a new tenant, and returns its id.
func (im *importer) seed(s collection, name string, item storage.Document) (id string, err error) {
	im.noteRefused(s.name, name, s.path, item, resource.Create)
	made, err := im.restore(s.path, item, storage.Text(item, s.id))
	if err != nil {
		return "", err
	}
	im.changed("create", s.name, name)
	id = storage.Text(made, s.id)
	if s.name == "clients" && storage.Text(item, "client_secret") == "" && storage.Text(item, "token_endpoint_auth_method") != "none" {
		im.generated[id] = storage.Text(made, "client_secret")
	}
	return id, nil
}

// noteRefused adds an object of a tenant file to the report if the Management API would refuse it. It is stored all the same,
// because exports of real tenants contain what Auth0 accepted in earlier years. An object with keywords that have no value is
// not checked.
func (im *importer) noteRefused(section, name, path string, item storage.Document, op resource.Operation) {
	kind := im.objects.Kind(path)
	err := kind.Check(sendable(item, kind, resource.ReadOnly, resource.UpdateOnly), op)
	if refusal, ok := errors.AsType[*apierr.Error](err); ok && len(item) > 0 && !marker.MatchString(jsonText(item)) {
		im.skip(section, name, "stored as it is, though the Management API and tenant0 import refuse it: "+refusal.Message)
	}
}

// put creates an item of a section, or changes the existing object, and returns its id. name
// is its name in the report.
func (im *importer) put(s collection, name string, item storage.Document) (id string, err error) {
	if im.seeds(s.name) {
		return im.seed(s, name, item)
	}
	there, err := im.find(s.path, item, s.members()...)
	if err != nil {
		return "", err
	}
	kind := im.objects.Kind(s.path)
	if there == nil {
		made, err := im.objects.Create(at(s.path), sendable(item, kind, resource.ReadOnly, resource.UpdateOnly), storage.Text(item, s.id))
		if err != nil {
			return "", err
		}
		doc, _ := made.(storage.Document)
		im.made(s.path, doc)
		im.changed("create", s.name, name)
		id = storage.Text(doc, s.id)
		later := sendable(item, kind, resource.ReadOnly, resource.CreateOnly, resource.Writable)
		if kind == nil || len(kind.Field().Differences(doc, later)) == 0 {
			return id, nil
		}
		changed, err := im.objects.Change(one(s.path, id), later)
		im.relist(s.path, s.id, changed)
		return id, err
	}
	id = storage.Text(there, s.id)
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
	im.updated(s.name, name, kept(im.objects.Kind(s.path), changes, there, changed, change))
	return id, nil
}

// updated reports an object as updated, or as unchanged if there are no changes.
func (im *importer) updated(section, name string, changes []resource.Difference) {
	if len(changes) == 0 {
		im.changed("unchanged", section, name)
		return
	}
	im.changed("update", section, name, DescribeAll(changes)...)
}

// relist replaces a changed object in the cached lists.
func (im *importer) relist(path, idMember string, object any) {
	doc, _ := object.(storage.Document)
	at := slices.IndexFunc(im.lists[path], func(there storage.Document) bool { return there[idMember] == doc[idMember] })
	if at < 0 {
		delete(im.lists, path)
		delete(im.called, path)
		maps.DeleteFunc(im.found, func(_ string, f found) bool { return f.path == path })
		return
	}
	old := im.lists[path][at]
	im.lists[path][at] = doc
	if old["name"] != doc["name"] {
		delete(im.called, path)
	}
	maps.DeleteFunc(im.found, func(_ string, f found) bool { return f.path == path && !f.replace(old, doc, idMember) })
}

// namesOnly reports whether the list at a path contains only the names of objects, not all
// members.
func namesOnly(path string) bool { return path == "/flows" || path == "/forms" }

// inObject adds the name of the object to an error.
func inObject(name string, err error) error {
	return &Refused{Name: name, Err: within(strconv.Quote(name), err)}
}

// within adds the name of a place to an error. Of an error of the Management API only the sentence is kept.
func within(place string, err error) error {
	if e, ok := errors.AsType[*apierr.Error](err); ok {
		return fmt.Errorf("%s: %s", place, e.Message)
	}
	return fmt.Errorf("%s: %w", place, err)
}

// sendable returns an item without the members that may not be sent.
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

// accessOf returns when a member may be sent; undescribed members may always be sent.
func accessOf(kind *resource.Kind, name string) resource.Access {
	return kind.Fields[name].Access
}
