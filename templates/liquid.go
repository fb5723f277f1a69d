package templates

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"html/template"
	"maps"
	"strings"
	"time"

	"github.com/osteele/liquid/filters"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/tags"
)

// Bounds of one Liquid text: a text that a tenant has written may loop for a long time
// and grow without end.
const (
	// maxSteps is how many tags and outputs may be executed; a filter counts as one
	// step, and as more if it works on long values.
	maxSteps = 100_000
	// maxBytes bounds the text, the result, and each intermediate value, in bytes.
	maxBytes = 1 << 20
	// maxTime bounds what maxSteps does not. It is far more than the steps take.
	maxTime = 5 * time.Second
)

// ErrLimit reports a Liquid text that exceeds the bounds.
var ErrLimit = errors.New("the Liquid does too much")

// Liquid renders a plain text of the tenant with values. A text that is not valid
// Liquid is returned unchanged, so that its author sees it. It returns ErrLimit for a
// text that exceeds the bounds.
func Liquid(text string, values map[string]any) (string, error) { return liquid(text, values, nil) }

// LiquidHTML is Liquid for HTML: texts in the values are escaped, and so are the names
// of their members, which a template may print as well. The filter escape does not
// escape them again, so that a template that uses it has the same result.
func LiquidHTML(text string, values map[string]any) (string, error) {
	return liquidHTML(text, values, nil)
}

// liquidHTML is LiquidHTML with further values, which are mark-up and are not escaped.
func liquidHTML(text string, values, markUp map[string]any) (string, error) {
	values, _ = escaped(values).(map[string]any)
	maps.Copy(values, markUp)
	return liquid(text, values, map[string]any{"escape": func(s string) string { return html.EscapeString(html.UnescapeString(s)) }})
}

// liquid renders a text with filters (more) in addition to the standard ones.
func liquid(text string, values, more map[string]any) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), maxTime)
	defer cancel()
	m := &meter{ctx: ctx, config: render.NewConfig()}
	out, ok := m.render(text, values, more)
	switch {
	case m.spent != nil:
		return "", m.spent
	case !ok:
		return text, nil
	}
	return out, nil
}

// escaped returns a value with its texts, except those that are mark-up, and the names of its
// members escaped for HTML.
func escaped(value any) any {
	switch v := value.(type) {
	case template.HTML:
		return string(v)
	case string:
		return html.EscapeString(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[html.EscapeString(name)] = escaped(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = escaped(member)
		}
		return out
	}
	return value
}

// meter renders one text and counts the steps.
type meter struct {
	ctx    context.Context
	config render.Config
	steps  int
	// spent is the error about the bound that was exceeded, nil if none was.
	spent error
}

// stop ends the rendering by a panic. Its value is not an error, because the library
// would then collect a stack trace.
func (m *meter) stop(format string, args ...any) {
	m.spent = fmt.Errorf("%w: "+format, append([]any{ErrLimit}, args...)...)
	panic(m)
}

// spend counts steps.
func (m *meter) spend(steps int) {
	if m.steps += steps; m.steps > maxSteps {
		m.stop("it takes more than %d steps", maxSteps)
	}
	if m.ctx.Err() != nil {
		m.stop("it takes more than %v", maxTime)
	}
}

// render returns ok false if the text is not valid Liquid or fails, and if the meter
// stops it.
func (m *meter) render(text string, values, more map[string]any) (out string, ok bool) {
	defer func() {
		if recover() != nil { // the meter, or the library, which panics at some mistakes
			out, ok = "", false
		}
	}()
	if len(text) > maxBytes {
		m.stop("it is longer than %d bytes", maxBytes)
	}
	filters.AddStandardFilters(m)
	m.addBoundedFilters()
	for name, filter := range more {
		m.AddFilter(name, filter)
	}
	tags.AddStandardTags(m.config)
	m.addTags()
	root, err := m.config.Compile(metered(text), parser.SourceLoc{})
	if err != nil {
		return "", false
	}
	w := &boundedWriter{meter: m}
	if err := render.Render(root, w, values, m.config); err != nil {
		return "", false
	}
	return w.String(), true
}

// boundedWriter collects the output, up to maxBytes.
type boundedWriter struct {
	meter *meter
	bytes.Buffer
}

// Write implements io.Writer.
func (w *boundedWriter) Write(p []byte) (int, error) {
	if w.Len()+len(p) > maxBytes {
		w.meter.stop("it writes more than %d bytes", maxBytes)
	}
	return w.Buffer.Write(p)
}

// The tags that metered inserts. They have names of their own, because existing tags
// cannot be replaced.
const (
	stepTag    = "tenant0_step"
	captureTag = "tenant0_capture"
)

// metered returns a Liquid text with a step counted after each tag and output, and
// with captures that are bounded.
func metered(text string) string {
	var out strings.Builder
	verbatim := ""
	for _, token := range parser.Scan(text, parser.SourceLoc{}, nil) {
		source := token.Source
		isTag := token.Type == parser.TagTokenType
		switch {
		case isTag && verbatim != "" && token.Name == "end"+verbatim:
			verbatim = ""
		case verbatim != "": // nothing is executed there
		case isTag && (token.Name == "raw" || token.Name == "comment"):
			verbatim = token.Name
		case isTag && (token.Name == "capture" || token.Name == "endcapture"):
			source = strings.Replace(source, "capture", captureTag, 1)
		}
		out.WriteString(source)
		if verbatim == "" && (isTag || token.Type == parser.ObjTokenType) {
			out.WriteString("{%" + stepTag + "%}")
		}
	}
	return out.String()
}
