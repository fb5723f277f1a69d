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

// conversation is one test, or one that a client's own program has run.
type conversation struct {
	// test is the test of Go, with the program's own beneath it.
	test string
	// outcome is pass, fail or skip.
	outcome string
	// reason is why it was skipped.
	reason string
}

// event is a line of go test -json, see "go doc test2json".
type event struct{ Action, Test, Output string }

// results reads what go test -json has printed.
func results(from io.Reader) ([]conversation, error) {
	said := map[string][]string{}
	outcomes := map[string]string{}
	var order []string
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.Test == "" {
			continue // what the go command says itself, and what is of the package
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
			continue // its parts are told
		}
		if inside := program(test, strings.Join(said[test], "")); len(inside) > 0 {
			all = append(all, inside...)
			continue
		}
		all = append(all, conversation{test, outcomes[test], reason(said[test], outcomes[test])})
	}
	return all, lines.Err()
}

// Lines by which the programs of clients tell of their tests.
var (
	logged      = regexp.MustCompile(`^\w+_test\.go:\d+: `)
	nodeLine    = regexp.MustCompile(`^([✔✖]) (.*) \([0-9.]+ms\)$`)
	pythonLine  = regexp.MustCompile(`^test_(\w+) \([\w.]+\) \.\.\. (.*)$`)
	pythonEnd   = regexp.MustCompile(`^(ok|FAIL|ERROR)$`)
	mavenLine   = regexp.MustCompile(`tenant0\.(\w+)\.(\w+)\s.*Time elapsed: [^<]*(<<<.*)?$`)
	familiesEnd = regexp.MustCompile(`^(\d+) families, (\d+) failures$`)
)

// program are the tests of a client's own program, from what it has printed.
func program(test, printed string) (all []conversation) {
	add := func(name string, passed bool) {
		outcome := "pass"
		if !passed {
			outcome = "fail"
		}
		c := conversation{test: test + "/" + name, outcome: outcome}
		if !slices.Contains(all, c) { // node tells of failures twice
			all = append(all, c)
		}
	}
	open := "" // the test in Python whose outcome is to come, after what it says
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

// seam is where a word of a name in camel case ends.
var seam = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// words makes words of a name in camel case.
func words(name string) string {
	all := strings.Fields(seam.ReplaceAllString(seam.ReplaceAllString(name, "$1$3 $2$4"), "$1$3 $2$4"))
	for i, word := range all {
		if len(word) == 1 || word != strings.ToUpper(word) { // not ID, API
			all[i] = strings.ToLower(word)
		}
	}
	return strings.Join(all, " ")
}

// reason is what a test said that was skipped.
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

// row is what is told of a client.
type row struct {
	client  client
	version string
	passed  []string
	failed  []string
	skipped []string
}

// rowOf gathers what the tests of a client did.
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

// verdict says how a client fared.
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
