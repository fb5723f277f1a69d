package templates

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

// StaticPath is the path below which the pages expect the files of Static.
const StaticPath = "/u/static/"

// Static returns a style sheet, script or picture of the pages by its name: the
// rest of its path after StaticPath. The name changes when the content does, so
// the answer may be cached for ever. ok is false for a name that no page uses.
func Static(name string) (content []byte, contentType string, ok bool) {
	if a, found := assets.byName[name]; found {
		return a.content, a.contentType, true
	}
	if sheet, found := brandSheet(name); found {
		return sheet, contentTypes[".css"], true
	}
	if picture, found := monogramOf(name); found {
		return picture, contentTypes[".svg"], true
	}
	return nil, "", false
}

//go:embed static
var staticFiles embed.FS

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

type asset struct {
	content     []byte
	contentType string
}

// assets are the embedded files by their hashed names, and the paths of these
// files by their names on disk.
var assets = func() (all struct {
	byName map[string]asset
	paths  map[string]template.URL
},
) {
	all.byName, all.paths = map[string]asset{}, map[string]template.URL{}
	files, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		panic(fmt.Errorf("static files: %w", err))
	}
	for _, file := range files {
		content, err := staticFiles.ReadFile(file)
		if err != nil {
			panic(fmt.Errorf("static files: %w", err))
		}
		ext := path.Ext(file)
		content = squeezed(content, ext)
		name := strings.TrimSuffix(path.Base(file), ext) + "." + hash(content) + ext
		all.byName[name] = asset{content, contentTypes[ext]}
		all.paths[path.Base(file)] = template.URL(StaticPath + name) //nolint:gosec // a name of ours
	}
	return all
}()

// squeezed is a style sheet or a script without what only its authors need: the white space at the beginning of its
// lines, and lines of comment.
func squeezed(content []byte, ext string) []byte {
	if ext != ".css" && ext != ".js" {
		return content
	}
	var out bytes.Buffer
	comment := false
	for line := range bytes.Lines(content) {
		line = bytes.TrimSpace(line)
		comment = comment || ext == ".css" && bytes.HasPrefix(line, []byte("/*"))
		remark := comment || ext == ".js" && bytes.HasPrefix(line, []byte("//"))
		if !remark && len(line) > 0 {
			out.Write(line)
			out.WriteByte('\n')
		}
		comment = comment && !bytes.HasSuffix(line, []byte("*/"))
	}
	return out.Bytes()
}

// hash returns the part of a file name that changes with the content.
func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:5])
}
