// Command goauth0 calls go-auth0 for the families of resources in a table, and tests its pages and errors: "goauth0 v1
// TABLE" or "goauth0 v2 TABLE", in the environment of "tenant0 exec". "goauth0 login" logs users in, and tests an API
// with go-jwt-middleware. It is a module of its own, so that other programs do not get its dependencies.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
)

// sdk is one version of go-auth0.
type sdk interface {
	// call calls the method with a name from the table and returns its answer as decoded JSON; of a list it returns the
	// items of all pages. The error is errUnknown if this version has no such method.
	call(path string, args []any) (any, error)
	// status returns the HTTP status of a typed error, 0 for other errors.
	status(err error) int
	// unknown lists the methods in the table that this version does not have; "a.*" stands for all methods of a client.
	unknown() []string
	// forgets lists the members of a family that this version does not return.
	forgets(family string) []string
	// pages and errors test what the table does not contain.
	pages() error
	errors() error
}

var errUnknown = errors.New("no such method")

// credentials are the credentials in the environment.
type credentials struct{ domain, clientID, clientSecret string }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	seen := &statuses{seen: map[int]bool{}, next: http.DefaultTransport}
	http.DefaultClient.Transport = seen
	c := credentials{os.Getenv("AUTH0_DOMAIN"), os.Getenv("AUTH0_CLIENT_ID"), os.Getenv("AUTH0_CLIENT_SECRET")}
	if len(os.Args) == 2 && os.Args[1] == "login" {
		return logins(c)
	}
	if len(os.Args) != 3 {
		return errUsage
	}
	client, err := open(os.Args[1], c)
	if err != nil {
		return err
	}
	table, err := os.ReadFile(os.Args[2])
	if err != nil {
		return err
	}
	var families []family
	if err := json.Unmarshal(table, &families); err != nil {
		return err
	}
	t := &tester{sdk: client, kept: map[string]any{"pem": os.Getenv("PUBLIC_KEY"), "employee": os.Getenv("EMPLOYEE")}, unknown: map[string]bool{}}
	t.attempt("pages", client.pages())
	t.attempt("errors", client.errors())
	t.all(families)
	t.attempt("what this version does not have", t.checkUnknown())
	for _, status := range slices.Sorted(maps.Keys(seen.seen)) {
		if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
			t.attempt("no answer", fmt.Errorf("has status %d", status))
		}
	}
	fmt.Printf("%d families, %d calls, %d not in this version, %d failures\n", len(families), t.calls, len(t.unknown), len(t.failures))
	return errors.Join(t.failures...)
}

// checkUnknown compares the methods that were not found with those that are known to be missing.
func (t *tester) checkUnknown() error {
	used := map[string]bool{}
	var faults []error
	for _, method := range slices.Sorted(maps.Keys(t.unknown)) {
		i := slices.IndexFunc(t.sdk.unknown(), func(pattern string) bool {
			prefix, all := strings.CutSuffix(pattern, "*")
			return method == pattern || all && strings.HasPrefix(method, prefix)
		})
		if i < 0 {
			faults = append(faults, fmt.Errorf("%s is missing", method))
			continue
		}
		used[t.sdk.unknown()[i]] = true
	}
	for _, pattern := range t.sdk.unknown() {
		if !used[pattern] {
			faults = append(faults, fmt.Errorf("%s is there", pattern))
		}
	}
	return errors.Join(faults...)
}

var errUsage = errors.New("usage: goauth0 v1|v2 TABLE, or goauth0 login")

func open(version string, c credentials) (sdk, error) {
	switch version {
	case "v1":
		return newV1(c)
	case "v2":
		return newV2(c)
	}
	return nil, errUsage
}

// statuses records the status of every answer.
type statuses struct {
	mu   sync.Mutex
	seen map[int]bool
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s *statuses) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(r)
	if err == nil {
		s.mu.Lock()
		s.seen[resp.StatusCode] = true
		s.mu.Unlock()
	}
	return resp, err
}
