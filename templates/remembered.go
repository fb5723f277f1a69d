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

// renderings are remembered pages by what they show, each cut where the handle was.
var renderings struct {
	sync.RWMutex
	parts map[string][][]byte
}

// renderFresh is render for a page that is remembered; done is false for every other page.
func renderFresh(w io.Writer, p Page) (done bool, err error) {
	r, ok := p.(remembered)
	if !ok {
		return false, nil
	}
	state, fresh := r.fresh()
	if !fresh || !isHandle(state) {
		return false, nil
	}
	key, err := shows(p, state)
	if err != nil {
		return false, err
	}
	renderings.RLock()
	parts := renderings.parts[key]
	renderings.RUnlock()
	if parts == nil {
		var page bytes.Buffer
		if err := p.view().render(&page); err != nil {
			return false, err
		}
		parts = bytes.Split(bytes.ReplaceAll(page.Bytes(), []byte(encodedState(state)), []byte(encodedHere)), []byte(state))
		renderings.Lock()
		if renderings.parts == nil || len(renderings.parts) >= maxRemembered {
			renderings.parts = map[string][][]byte{}
		}
		renderings.parts[key] = parts
		renderings.Unlock()
	}
	_, err = w.Write(bytes.ReplaceAll(bytes.Join(parts, []byte(state)), []byte(encodedHere), []byte(encodedState(state))))
	return true, err
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
