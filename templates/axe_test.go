package templates_test

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is the accessibility checker axe-core, which npm ci installs in e2e.
const axe = "../e2e/node_modules/axe-core/axe.min.js"

// TestPagesAreAccessible runs axe-core on every page in every state, in the light and the dark scheme, at
// the width of a small phone.
func TestPagesAreAccessible(t *testing.T) {
	script, err := os.ReadFile(axe)
	if err != nil {
		t.Skipf("there is no axe-core (npm ci in e2e): %v", err)
	}
	url, _ := site(t)
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) { axeFindsNothing(t, url, scheme, string(script)) })
	}
}

func axeFindsNothing(t *testing.T, url, scheme, script string) {
	t.Helper()
	ctx := browser(t)
	do(ctx, t, chromedp.EmulateViewport(320, 640))
	preference := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, preference); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if name == "form-post" || name == "web-message" {
			continue // they are gone before anybody looks
		}
		do(ctx, t, chromedp.Navigate(url+name))
		evaluated[chromedp.Void](ctx, t, script+";0")
		found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run({resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.help + " " + v.nodes.map((n) => n.html).join(" "))))`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var violations []string
		if err := json.Unmarshal([]byte(found), &violations); err != nil {
			t.Fatalf("%s: %v in %s", name, err, found)
		}
		for _, violation := range violations {
			t.Errorf("%s: %s", name, violation)
		}
		if width := evaluated[int](ctx, t, "document.documentElement.scrollWidth"); width > 320 {
			t.Errorf("%s is %d pixels wide on a screen of 320", name, width)
		}
	}
}
