package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// maxPicture is the largest size of a picture in bytes, which keeps the README quick to load.
const maxPicture = 120_000

// terminal is a page that shows what a program printed.
const terminal = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body { margin: 0; padding: 1.5rem; background: #171a21; color: #e4e7ec; font: 13px/1.5 monospace }</style><pre></pre>`

// TestPictures takes the pictures of the README. With UPDATE=1 it writes them to docs/images.
func TestPictures(t *testing.T) {
	s := startStage(t)
	w := openWindow(s.browser, t)
	picture := func(name string, width int64) {
		w.do(chromedp.EmulateViewport(width, 640))
		png := value(w, chromedp.FullScreenshot(100))
		if len(png) == 0 || len(png) > maxPicture {
			t.Errorf("%s has %d bytes, want at most %d", name, len(png), maxPicture)
		}
		file := filepath.Join("../docs/images", name)
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(file, png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%v; UPDATE=1 makes it", err)
		}
	}
	w.open(s.authorizeURL(nil))
	picture("login.png", 960)
	w.logIn(servertest.Manager, servertest.Password)
	picture("consent.png", 960)

	if os.Getenv("UPDATE") != "1" {
		return
	}
	page := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(terminal)) }))
	w.open(page)
	evaluate[chromedp.Void](w, `document.querySelector("pre").textContent = `+quoted("$ make demo\n"+demo(t)))
	picture("demo.png", 1080)
}
