package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// conversation is one Go test, or one test of a client's own program that a Go test ran.
type conversation struct {
	// test is the name of the Go test, followed by that of the program's test if there is one.
	test string
	// outcome is pass, fail or skip.
	outcome string
	// reason says why the test was skipped.
	reason string
}

// event is a line of go test -json, see "go doc test2json".
type event struct{ Action, Test, Output string }

// results parses the output of go test -json.
func results(from io.Reader) ([]conversation, error) {
	said := map[string][]string{}
	outcomes := map[string]string{}
	var order []string
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Test == "" {
			continue // output of the go command itself, or of the package
		}
		switch e.Action {
		case "output":
			said[e.Test] = append(said[e.Test], e.Output)
		case "pass", "fail", "skip":
			outcomes[e.Test] = e.Action
			order = append(order, e.Test)
		}
	}
	var all []conversation
	for _, test := range order {
		if slices.ContainsFunc(order, func(other string) bool { return strings.HasPrefix(other, test+"/") }) {
			continue // its subtests are listed instead
		}
		if inside := program(test, strings.Join(said[test], "")); len(inside) > 0 {
			all = append(all, inside...)
			continue
		}
		all = append(all, conversation{test, outcomes[test], reason(said[test], outcomes[test])})
	}
	return all, lines.Err()
}

// Patterns of lines in which the clients' programs report their tests.
var (
	logged      = regexp.MustCompile(`^\w+_test\.go:\d+: `)
	nodeLine    = regexp.MustCompile(`^([✔✖]) (.*) \([0-9.]+ms\)$`)
	pythonLine  = regexp.MustCompile(`^test_(\w+) \([\w.]+\) \.\.\. (.*)$`)
	pythonEnd   = regexp.MustCompile(`^(ok|FAIL|ERROR)$`)
	mavenLine   = regexp.MustCompile(`tenant0\.(\w+)\.(\w+)\s.*Time elapsed: [^<]*(<<<.*)?$`)
	familiesEnd = regexp.MustCompile(`^(\d+) families, (\d+) failures$`)
)

// program returns the tests of a client's own program, parsed from its output.
func program(test, printed string) (all []conversation) {
	add := func(name string, passed bool) {
		outcome := "pass"
		if !passed {
			outcome = "fail"
		}
		c := conversation{test: test + "/" + name, outcome: outcome}
		if !slices.Contains(all, c) { // node reports failures twice
			all = append(all, c)
		}
	}
	open := "" // the Python test whose outcome follows after its output
	for line := range strings.Lines(printed) {
		line = logged.ReplaceAllString(strings.TrimSpace(line), "")
		if m := nodeLine.FindStringSubmatch(line); m != nil {
			add(m[2], m[1] == "✔")
		} else if m := pythonLine.FindStringSubmatch(line); m != nil {
			open, line = strings.ReplaceAll(m[1], "_", " "), m[2]
		}
		if open != "" && pythonEnd.MatchString(line) {
			add(open, line == "ok")
			open = ""
		} else if m := mavenLine.FindStringSubmatch(line); m != nil {
			add(m[1]+"/"+words(m[2]), m[3] == "")
		} else if m := familiesEnd.FindStringSubmatch(line); m != nil {
			add(m[1]+" families of resources", m[2] == "0")
		}
	}
	return all
}

// seam matches the end of a word in a name in camel case.
var seam = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// words splits a name in camel case into words.
func words(name string) string {
	all := strings.Fields(seam.ReplaceAllString(seam.ReplaceAllString(name, "$1$3 $2$4"), "$1$3 $2$4"))
	for i, word := range all {
		if len(word) == 1 || word != strings.ToUpper(word) { // not ID, API
			all[i] = strings.ToLower(word)
		}
	}
	return strings.Join(all, " ")
}

// reason returns what a skipped test printed as its reason.
func reason(said []string, outcome string) string {
	if outcome != "skip" {
		return ""
	}
	for _, line := range said {
		if _, why, found := strings.Cut(line, "_test.go:"); found {
			_, why, _ = strings.Cut(why, ": ")
			return strings.TrimSpace(why)
		}
	}
	return "it does not say why"
}

// row is a client's row in the table.
type row struct {
	client  client
	version string
	passed  []string
	failed  []string
	skipped []string
}

// rowOf collects the results of the tests of a client.
func rowOf(c client, version string, all []conversation) row {
	r := row{client: c, version: version}
	for _, talk := range all {
		for _, test := range c.tests {
			if talk.test != test && !strings.HasPrefix(talk.test, test+"/") {
				continue
			}
			name := strings.TrimPrefix(strings.TrimPrefix(talk.test, test), "/")
			name = strings.ReplaceAll(name, "_", " ")
			if name == "" {
				name = words(strings.TrimPrefix(test, "Test"))
			}
			if slices.Contains(r.passed, name) || slices.Contains(r.failed, name) {
				first, _, _ := strings.Cut(test, "/")
				name += ", " + words(strings.TrimPrefix(first, "Test"))
			}
			switch talk.outcome {
			case "pass":
				r.passed = append(r.passed, name)
			case "fail":
				r.failed = append(r.failed, name)
			default:
				r.skipped = append(r.skipped, talk.reason)
			}
		}
	}
	return r
}

// verdict summarizes the results of a client.
func (r row) verdict() string {
	all := len(r.passed) + len(r.failed)
	switch {
	case len(r.failed) > 0:
		return fmt.Sprintf("%d of %d; failed: %s", len(r.passed), all, strings.Join(r.failed, "; "))
	case all > 0:
		return fmt.Sprintf("all %d", all)
	case len(r.skipped) > 0:
		return "not run: " + r.skipped[0]
	}
	return "not run"
}
