package tenantfile

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readFolder reads an export that is a folder of files into one document, as if it were one file.
func (l *loader) readFolder() error {
	f := l.file
	f.root, f.origins = &yaml.Node{Kind: yaml.MappingNode}, map[string]string{}
	whole := f.name
	defer func() { f.name = whole }()
	err := filepath.WalkDir(l.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		section, isWhole, err := l.sectionOf(path)
		if err != nil || section == "" {
			return err // "" for files of other programs, such as package.json
		}
		return l.readPart(path, section, isWhole)
	})
	if err == nil && len(f.root.Content) == 0 && len(f.problems) == 0 {
		return fmt.Errorf("%s is a folder with neither a tenant.yaml nor the folders of an export in it", l.root)
	}
	return err
}

// readPart reads one file of the folder.
func (l *loader) readPart(path, section string, whole bool) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	l.file.name = path
	if node := l.file.nodes(l.keywords.replace(raw)); node != nil {
		l.file.graft(section, whole, node)
	}
	return nil
}

// sectionOf returns the section, or the member of a section, that a file contains as a whole or an object of.
func (l *loader) sectionOf(path string) (section string, whole bool, err error) {
	name, err := filepath.Rel(l.root, path)
	if err != nil {
		return "", false, err
	}
	section, whole = partAt(filepath.ToSlash(name))
	return section, whole, nil
}

// graft inserts the nodes of the current file into the document, and records which file they come from.
func (f *file) graft(section string, whole bool, node *yaml.Node) {
	name, member, isMember := strings.Cut(section, ".")
	path, owner := []string{name}, f.root
	if isMember {
		owner = child(f.root, name, yaml.MappingNode)
		path = append(path, member)
	}
	key := path[len(path)-1]
	switch {
	case !whole:
		list := child(owner, key, yaml.SequenceNode)
		path = append(path, strconv.Itoa(len(list.Content)))
		list.Content = append(list.Content, node)
	case node.Kind == yaml.MappingNode: // its members may have files of their own
		object := child(owner, key, yaml.MappingNode)
		object.Content = append(object.Content, node.Content...)
	default:
		*child(owner, key, node.Kind) = *node
	}
	f.origins[originKey(path)] = f.name
}

// child returns the value of a key in a map, adding the key if it is missing.
func child(owner *yaml.Node, key string, kind yaml.Kind) *yaml.Node {
	for i := 0; i+1 < len(owner.Content); i += 2 {
		if owner.Content[i].Value == key {
			return owner.Content[i+1]
		}
	}
	value := &yaml.Node{Kind: kind}
	owner.Content = append(owner.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
	return value
}

// originKey is the key in file.origins for the path of a part.
func originKey(path []string) string { return strings.Join(path, "\x00") }
