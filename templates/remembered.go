package templates

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
)

// remembered is a page that is the same for many users: the first page of a login. Such a page is
// rendered once; after that, only the handle of the transaction is inserted into the result.
type remembered interface {
	Page
	// fresh returns the handle of the transaction, and whether the page shows nothing that a user
	// has entered or done, and none of the tenant's Liquid.
	fresh() (state string, ok bool)
}

func (p Login) fresh() (string, bool) {
	return p.State, p.Username == "" && len(p.Errors) == 0 && p.Customization.empty()
}

func (p LoginIdentifier) fresh() (string, bool) {
	return p.State, p.Username == "" && len(p.Errors) == 0 && p.Customization.empty()
}

// maxRemembered bounds the remembered pages; there is one for each application, brand and language
// in use. Beyond it, all are forgotten.
const maxRemembered = 64

// rendering is a remembered page without the handle: it is split into parts where the handle was in
// base64, and each part is split where the handle was in plain text.
type rendering struct {
	parts  [][][]byte
	needs  Needs
	length int // in bytes
}

// renderings are the remembered pages, by a text of all that they show.
var renderings struct {
	sync.RWMutex
	of map[string]rendering
}

// renderFresh renders a remembered page; done is false for every other page.
func renderFresh(w io.Writer, p Page) (needs Needs, done bool, err error) {
	r, ok := p.(remembered)
	if !ok {
		return needs, false, nil
	}
	state, fresh := r.fresh()
	if !fresh || !isHandle(state) {
		return needs, false, nil
	}
	key, err := shows(p, state)
	defer keys.Put(key)
	if err != nil {
		return needs, false, err
	}
	renderings.RLock()
	page, known := renderings.of[string(key.Bytes())]
	renderings.RUnlock()
	if !known {
		if page, err = renderingOf(p, state); err != nil {
			return needs, false, err
		}
		renderings.Lock()
		if renderings.of == nil || len(renderings.of) >= maxRemembered {
			renderings.of = map[string]rendering{}
		}
		renderings.of[key.String()] = page
		renderings.Unlock()
	}
	return page.needs, true, page.write(w, state)
}

// write writes the page with a handle inserted.
func (r rendering) write(w io.Writer, state string) error {
	encoded := encodedState(state)
	if b, ok := w.(*bytes.Buffer); ok {
		b.Grow(r.length)
	}
	for i, part := range r.parts {
		if i > 0 {
			if _, err := io.WriteString(w, encoded); err != nil {
				return err
			}
		}
		for j, text := range part {
			if j > 0 {
				if _, err := io.WriteString(w, state); err != nil {
					return err
				}
			}
			if _, err := w.Write(text); err != nil {
				return err
			}
		}
	}
	return nil
}

func renderingOf(p Page, state string) (rendering, error) {
	var page bytes.Buffer
	v := p.view()
	if err := v.render(&page); err != nil {
		return rendering{}, err
	}
	r := rendering{needs: v.needs(), length: page.Len()}
	for part := range bytes.SplitSeq(page.Bytes(), []byte(encodedState(state))) {
		r.parts = append(r.parts, bytes.Split(part, []byte(state)))
	}
	return r, nil
}

// keys are buffers for the results of shows.
var keys = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// shows returns a text of all that a page shows except the handle of its transaction, in a buffer
// from keys.
func shows(p Page, state string) (*bytes.Buffer, error) {
	all, _ := keys.Get().(*bytes.Buffer)
	all.Reset()
	all.WriteString(reflect.TypeOf(p).String())
	if err := json.NewEncoder(all).Encode(p); err != nil {
		return all, err
	}
	for b := all.Bytes(); ; {
		i := bytes.Index(b, []byte(state))
		if i < 0 {
			return all, nil
		}
		b = b[i:]
		all.Truncate(all.Len() - len(state))
		b = b[:copy(b, b[len(state):])]
	}
}

// isHandle reports whether a text has the form of the server's transaction handles: long, random,
// and the same in a page, in a URL and in JSON.
func isHandle(state string) bool {
	const least = 32
	return len(state) >= least && plain(state)
}

// plain reports whether a text consists of characters of base64url.
func plain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}
