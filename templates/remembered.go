package templates

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"sync"
)

// remembered is a page that many see in the same words: the first one of a login. Such a page is
// rendered once, and from then on the handle of the transaction is put into its copy.
type remembered interface {
	Page
	// fresh returns the handle of the transaction, and whether the page shows nothing that a person
	// has typed or done, and no Liquid of the tenant's.
	fresh() (state string, ok bool)
}

func (p Login) fresh() (string, bool) {
	return p.State, p.Username == "" && len(p.Errors) == 0 && p.Customization.empty()
}

func (p LoginIdentifier) fresh() (string, bool) {
	return p.State, p.Username == "" && len(p.Errors) == 0 && p.Customization.empty()
}

// maxRemembered bounds the pages that are remembered: an application, its tenant's brand and a
// language make one. Past it the memory begins anew.
const maxRemembered = 64

// rendering is a remembered page, cut where the handle was: into parts where it was in base64, and
// these where it was as it is.
type rendering struct {
	parts  [][][]byte
	needs  Needs
	length int // in bytes
}

// renderings are remembered pages by what they show.
var renderings struct {
	sync.RWMutex
	of map[string]rendering
}

// renderFresh is render for a page that is remembered; done is false for every other page.
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

// write writes the page with a handle.
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

// keys are buffers for what shows returns.
var keys = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// shows is all that a page shows but the handle of its transaction, in a buffer of keys.
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

// isHandle reports whether a text is the handle of a transaction as the server makes them: long,
// random, and the same in a page, in a URL and in JSON.
func isHandle(state string) bool {
	const least = 32
	return len(state) >= least && plain(state)
}

// plain reports whether a text has characters of base64 for URLs, and no others.
func plain(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}
