package templates

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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

// rendering is a remembered page, cut where the handle was.
type rendering struct {
	parts [][]byte
	needs Needs
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
	if err != nil {
		return needs, false, err
	}
	renderings.RLock()
	page, known := renderings.of[key]
	renderings.RUnlock()
	if !known {
		if page, err = renderingOf(p, state); err != nil {
			return needs, false, err
		}
		renderings.Lock()
		if renderings.of == nil || len(renderings.of) >= maxRemembered {
			renderings.of = map[string]rendering{}
		}
		renderings.of[key] = page
		renderings.Unlock()
	}
	_, err = w.Write(bytes.ReplaceAll(bytes.Join(page.parts, []byte(state)), []byte(encodedHere), []byte(encodedState(state))))
	return page.needs, true, err
}

func renderingOf(p Page, state string) (rendering, error) {
	var page bytes.Buffer
	v := p.view()
	if err := v.render(&page); err != nil {
		return rendering{}, err
	}
	parts := bytes.Split(bytes.ReplaceAll(page.Bytes(), []byte(encodedState(state)), []byte(encodedHere)), []byte(state))
	return rendering{parts, v.needs()}, nil
}

// encodedHere is where a remembered page has the handle in base64. No page has that byte: html/template
// writes another one in its place.
const encodedHere = "\x00"

// shows is all that a page shows but the handle of its transaction.
func shows(p Page, state string) (string, error) {
	all, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%T ", p) + strings.ReplaceAll(string(all), state, ""), nil
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
