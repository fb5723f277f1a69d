package tenantfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error reports that a tenant file was refused.
type Error struct {
	// Problems are all problems of the file, in the file's order; there is at least one.
	Problems []Problem
}

// Error returns the problems, one per line.
func (e *Error) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines returns the problems as lines of text, see Problem.String.
func (e *Error) Lines() []string { return lines(e.Problems) }

// Problem is one mistake in a tenant file.
type Problem struct {
	File    string // the name given to Parse or Load
	Line    int    // from 1
	Column  int    // from 1
	Path    string // such as clients[0].callbacks; empty for the file as a whole
	Message string
}

// String returns the problem in the form that editors and terminals make clickable: file:line:col: path: message.
func (p Problem) String() string {
	if p.Path == "" {
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s", p.File, p.Line, p.Column, p.Path, p.Message)
}

// sorted puts problems into the file's order and drops repetitions.
func sorted(problems []Problem) []Problem {
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

func lines(problems []Problem) []string {
	var out []string
	for _, problem := range sorted(problems) {
		out = append(out, problem.String())
	}
	return out
}

// at makes the path of a value from the keys and indexes that lead to it.
func at(steps ...any) []string {
	path := make([]string, len(steps))
	for i, step := range steps {
		path[i] = fmt.Sprint(step)
	}
	return path
}

// wrong records a problem with the value at a path.
func (f *file) wrong(path []string, format string, args ...any) {
	place := f.locate(path)
	f.record(place.problem(place.value, format, args...))
}

// wrongKey records a problem with the last key of a path.
func (f *file) wrongKey(path []string, format string, args ...any) {
	place := f.locate(path)
	f.record(place.problem(place.key, format, args...))
}

// warn records something about the value at a path that does not keep the file from being used, such as that it is left out.
func (f *file) warn(path []string, format string, args ...any) {
	place := f.locate(path)
	f.warnings = append(f.warnings, place.problem(place.key, format, args...))
}

// maxProblems is how many problems of one file are listed. A file with more of them is probably not a tenant file.
const maxProblems = 1000

// add records a problem at a node of the file that is being read.
func (f *file) add(node *yaml.Node, path, format string, args ...any) {
	f.record(place{file: f.name, text: path}.problem(node, format, args...))
}

func (f *file) record(problem Problem) {
	switch {
	case len(f.problems) < maxProblems:
		f.problems = append(f.problems, problem)
	case len(f.problems) == maxProblems:
		problem.Path, problem.Message = "", fmt.Sprintf("has more problems than the %d listed", maxProblems)
		f.problems = append(f.problems, problem)
		f.stopped = true
	}
}

// place is the position of a value: the file, the nodes of its key and of itself, and its path as text.
type place struct {
	file       string
	key, value *yaml.Node
	text       string
}

func (p place) problem(node *yaml.Node, format string, args ...any) Problem {
	// A node that stands for the file, or that the parser made for a missing value, has no position of its own.
	return Problem{p.file, max(node.Line, 1), max(node.Column, 1), p.text, fmt.Sprintf(format, args...)}
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_$-]+$`)

// locate finds the nodes of a path's last key and of its value, or the nearest nodes above them, and the text of
// the path. For an item of a list, the key's node is that of the item.
func (f *file) locate(path []string) place {
	p := place{file: f.name, key: f.root, value: f.root}
	found := true
	for i, step := range path {
		if file, begins := f.origins[originKey(path[:i+1])]; begins {
			p.file = file
		}
		node := target(p.value)
		if node.Kind == yaml.SequenceNode {
			p.text += "[" + step + "]"
			if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) && found {
				p.key, p.value = node.Content[i], node.Content[i]
			}
			continue
		}
		switch {
		case !plainKey.MatchString(step):
			p.text += "[" + strconv.Quote(step) + "]"
		case p.text == "":
			p.text = step
		default:
			p.text += "." + step
		}
		if !found {
			continue
		}
		found = false
		for _, field := range fields(node, nil) {
			if target(field.key).Value == step {
				p.key, p.value, found = field.key, field.value, true
				break
			}
		}
	}
	return p
}
