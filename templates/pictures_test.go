package templates_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// TestPictures takes a picture of every page in every state, in the light and the dark scheme, on a small phone and
// from right to left, for people to look at: PICTURES=directory go test ./templates -run TestPictures.
func TestPictures(t *testing.T) {
	directory := os.Getenv("PICTURES")
	if directory == "" {
		t.Skip("PICTURES=directory takes pictures of every page")
	}
	ctx := browser(t)
	url, _ := site(t)
	for _, way := range []struct {
		name, scheme string
		width        int64
		direction    string
	}{{"light", "light", 600, ""}, {"dark", "dark", 600, ""}, {"narrow", "light", 320, ""}, {"right-to-left", "light", 600, "rtl"}} {
		preference := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: way.scheme}}}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, preference); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(directory, way.name), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(states)) {
			if name == "form-post" || name == "web-message" {
				continue // they are gone before anybody looks
			}
			do(ctx, t, chromedp.EmulateViewport(way.width, 640), chromedp.Navigate(url+name))
			if way.direction != "" {
				evaluated[chromedp.Void](ctx, t, `document.documentElement.dir = "`+way.direction+`"; 0`)
			}
			height := evaluated[int64](ctx, t, "document.documentElement.scrollHeight")
			do(ctx, t, chromedp.EmulateViewport(way.width, height))
			picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err == nil {
				err = os.WriteFile(filepath.Join(directory, way.name, name+".png"), picture, 0o644)
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}
