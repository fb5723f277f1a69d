// Command compat runs third-party clients against the server and writes the results, with the clients'
// versions and the date, to docs/compatibility.md. Its exit code is that of the tests.
//
//	go run ./e2e/compat
//	go run ./e2e/compat -from FILE   # uses the output of an earlier run: go test -json ... >FILE
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// page is the file with the table, kept the file with the output of the tests.
const (
	page = "docs/compatibility.md"
	kept = ".cache/compat.json"
)

func main() {
	from := flag.String("from", "", "what go test -json has printed, instead of a run")
	flag.Parse()
	code, err := run(context.Background(), *from)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// run runs the tests, unless from names the output of an earlier run, and writes the page.
func run(ctx context.Context, from string) (code int, err error) {
	if from == "" {
		from = kept
		if code, err = runTests(ctx, from); err != nil {
			return code, err
		}
	}
	raw, err := os.ReadFile(from)
	if err != nil {
		return code, err
	}
	text, err := table(raw, machine(ctx), time.Now())
	if err != nil {
		return code, err
	}
	return code, os.WriteFile(page, []byte(text), 0o644) //nolint:gosec // a page of the repository
}

// runTests runs the tests of all clients, stores the output of go test, and returns its exit code.
func runTests(ctx context.Context, keep string) (int, error) {
	if err := os.MkdirAll(".cache", 0o755); err != nil { //nolint:gosec // others may read it
		return 1, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", "./e2e/testlog", "-keep", keep, "go", "test", "-json", "-count=1", "-timeout=60m", "-run", pattern(), "./e2e") //nolint:gosec // the tests of this repository
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		return exit.ExitCode(), nil // what failed is in the table
	}
	return 0, err
}

// pattern returns the pattern for go test -run that selects the tests of all clients.
func pattern() string {
	var names []string
	for _, c := range clients {
		for _, test := range c.tests {
			name, _, _ := strings.Cut(test, "/")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return "^(" + strings.Join(slices.Compact(names), "|") + ")$"
}

// table returns the page for the output of go test -json.
func table(raw []byte, machine string, now time.Time) (string, error) {
	all, err := results(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# What the clients of others did\n\n<!-- Written by make compat. -->\n\n")
	fmt.Fprintf(&b, "Run on %s: %s.\n\n", now.Format(time.DateOnly), machine)
	fmt.Fprintf(&b, "[clients.md](clients.md) says where each is run. A conversation is what a test does with a client from beginning to end, refusals\nincluded.\n\n")
	fmt.Fprintf(&b, "| client | version | conversations that passed | which |\n| --- | --- | --- | --- |\n")
	for _, c := range clients {
		version, err := versionOf(c)
		if err != nil {
			return "", err
		}
		r := rowOf(c, version, all)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.name, version, cell(r.verdict()), cell(strings.Join(r.passed, "; ")))
	}
	return b.String(), nil
}

// cell escapes text for a cell of a table.
func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

// versionOf returns the pinned version of a client.
func versionOf(c client) (string, error) {
	if c.registry == npm {
		raw, err := os.ReadFile("e2e/package-lock.json")
		var lock struct {
			Packages map[string]struct{ Version string }
		}
		if err := errors.Join(err, json.Unmarshal(raw, &lock)); err != nil {
			return "", err
		}
		return found(lock.Packages["node_modules/"+c.name].Version, c)
	}
	_, artifact, _ := strings.Cut(c.name, ":")
	pinned := map[string]struct{ file, line string }{
		pip:     {"e2e/requirements.txt", `(?im)^` + regexp.QuoteMeta(c.name) + `==(\S+)`},
		gomod:   {"go.mod", `(?m)^\s*` + regexp.QuoteMeta(c.name) + ` (\S+)`},
		goAuth0: {"e2e/goauth0/go.mod", `(?m)^\s*` + regexp.QuoteMeta(c.name) + ` (\S+)`},
		maven:   {"e2e/jvm/pom.xml", `<artifactId>` + regexp.QuoteMeta(artifact) + `</artifactId>\s*<version>([^<]+)<`},
	}[c.registry]
	raw, err := os.ReadFile(pinned.file)
	if err != nil {
		return "", err
	}
	match := regexp.MustCompile(pinned.line).FindStringSubmatch(string(raw))
	if match == nil {
		return found("", c)
	}
	return found(match[1], c)
}

func found(version string, c client) (string, error) {
	if version == "" {
		return "", fmt.Errorf("no version of %s is pinned", c.name)
	}
	return version, nil
}

// machine describes the machine and the programs that the clients ran on.
func machine(ctx context.Context) string {
	said := []string{"tenant0 " + output(ctx, "git", "describe", "--tags", "--always", "--dirty"), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()}
	for _, program := range [][]string{{"node", "--version"}, {".cache/python/bin/python3", "--version"}, {"java", "--version"}, {"chromium", "--version"}} {
		if version := output(ctx, program[0], program[1:]...); version != "" {
			said = append(said, strings.TrimSpace(map[string]string{"node": "node "}[program[0]]+version))
		}
	}
	return strings.Join(said, ", ")
}

// output returns the first line that a program prints, "" if the program fails.
func output(ctx context.Context, program string, args ...string) string {
	out, err := exec.CommandContext(ctx, program, args...).Output() //nolint:gosec // the programs above
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first)
}
