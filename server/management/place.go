package management

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// place is where the API has an object or a list: the path of its operations, and the
// values of the variables in the path, in their order.
type place struct {
	path   string
	values []string
}

func at(path string, values ...string) place { return place{path, values} }

// below is a place whose path goes on.
func (p place) below(path string, values ...string) place {
	return place{p.path + path, append(slices.Clip(p.values), values...)}
}

// String is the path with the values in it, as reports have it.
func (p place) String() string {
	parts, rest := strings.Split(p.path, "/"), p.values
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && len(rest) > 0 {
			parts[i], rest = rest[0], rest[1:]
		}
	}
	return strings.Join(parts, "/")
}

// params are the values by the names of the variables; fits says that each has one.
func (p place) params() (params map[string]string, fits bool) {
	names := variables(p.path)
	if len(names) != len(p.values) {
		return nil, false
	}
	params = map[string]string{}
	for i, name := range names {
		params[name] = p.values[i]
	}
	return params, true
}

// variables are the names of the variables in the path of an operation.
func variables(path string) (names []string) {
	for part := range strings.SplitSeq(path, "/") {
		if name, isVariable := strings.CutPrefix(part, "{"); isVariable {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// operationsByName are all operations by "METHOD /path", and resourcesByPath the plain
// resources by the paths of their lists. Where two have a name, the first serves.
var (
	operationsByName = sync.OnceValue(func() map[string]operation {
		all := map[string]operation{}
		for _, op := range operations() {
			if _, there := all[op.method+" "+op.path]; !there {
				all[op.method+" "+op.path] = op
			}
		}
		return all
	})
	resourcesByPath = sync.OnceValue(func() map[string]served {
		all := map[string]served{}
		for _, s := range resources() {
			if _, there := all[s.path]; !there {
				all[s.path] = s
			}
		}
		return all
	})
)

// given is the source of a call of the server's own: its body, a value that JSON can
// write, or nil for none.
type given struct{ body any }

// content implements source. The bounds of requests hold: what may not be sent may not be
// imported.
func (g given) content() (sent content, err error) {
	if g.body == nil {
		return content{none: true}, nil
	}
	raw, err := json.Marshal(g.body)
	if err != nil {
		return sent, err
	}
	if len(raw) > maxBody {
		return sent, apierr.PayloadTooLarge(maxBody)
	}
	if sent.value, err = objects.Value(g.body); err != nil {
		return sent, err
	}
	if path, found := storage.ZeroByte(sent.value); found {
		return sent, apierr.ZeroInBody(path).With(web.ErrZeroByte)
	}
	return sent, nil
}

// usersForm implements source: files come by HTTP alone.
func (given) usersForm() (form importForm, err error) { return form, notMultipart }

// call is one of an operation at a place.
func (im *importer) call(method string, p place, body any) (*call, error) {
	params, fits := p.params()
	if !fits {
		return nil, fmt.Errorf("%s %s is not served", method, p)
	}
	return &call{
		api: im.api, ctx: im.ctx, method: method, params: params, from: given{body}, caller: im.caller, now: im.Now(),
		tx: im.tx, givenID: im.givenID, whole: true, bare: true,
	}, im.ctx.Err()
}

// do performs one operation of the API within the transaction, and returns its
// answer as JSON values. Lists that have pages are read by read.
func (im *importer) do(method string, p place, body any) (any, error) {
	c, err := im.call(method, p, body)
	if err != nil {
		return nil, err
	}
	op, served := operationsByName()[method+" "+p.path]
	if !served {
		return nil, fmt.Errorf("%s %s is not served", method, p)
	}
	out, effects, err := op.perform(c)
	if err != nil {
		return nil, err
	}
	im.effects.add(effects)
	return objects.Value(out.body)
}

// read returns all of the list at a place, as it is now.
func (im *importer) read(p place) ([]storage.Document, error) {
	s, plain := resourcesByPath()[p.path]
	if !plain {
		answer, err := im.do(http.MethodGet, p, nil)
		return deploy.ItemsOf(answer), err
	}
	c, err := im.call(http.MethodGet, p, nil)
	if err != nil {
		return nil, err
	}
	docs, err := s.all(c, im.tx)
	if err != nil {
		return nil, err
	}
	list, err := objects.Value(docs)
	return deploy.ItemsOf(list), err
}

// one is the place of one object of a list.
func one(path, id string) place {
	s := resourcesByPath()[path]
	return at(path+"/{"+s.idParam()+"}", id)
}
