package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"
)

// doctorCommand sends an application's request to the tenant, as a browser without any cookies
// would, and prints how the request was decided.
type doctorCommand struct {
	Target  string `arg:"" name:"url" help:"URL to which the application sends the user's browser, such as that of a login; or only the tenant's address."`
	URL     string `name:"url" placeholder:"URL" help:"URL of the server's control listener. Default: $$TENANT0_CONTROL_URL, or the control address."`
	File    string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Control string `name:"control" placeholder:"HOST:PORT" help:"The server's control address."`
}

// Help is the detailed text of --help.
func (doctorCommand) Help() string {
	return `Sends a request to the tenant as a browser would, and prints step by step what the tenant decided. If something is refused, it names the setting that would change the decision. The exit status is 0 if the tenant accepts the request, and 1 if it refuses it. The control listener reports the same about every request: GET /trace lists the last ones, and GET /trace/ID shows one, by the id on its error page or in its header X-Auth0-Requestid.

    tenant0 doctor 'https://localhost:4400/authorize?client_id=...&redirect_uri=...&response_type=code'`
}

// tracedRequest is the control listener's report of how a request was decided.
type tracedRequest struct {
	Method, Path string
	Status       int
	Steps        []struct{ Room, Said, Setting string }
}

// Run sends the request and prints how it was decided.
func (c *doctorCommand) Run(parsed *kong.Context, t terminal) error {
	target, err := url.Parse(c.Target)
	if err != nil || target.Host == "" {
		return &failure{exitUsage, fmt.Errorf("%q is not the URL of a tenant; give a URL with scheme and host", c.Target)}
	}
	if strings.Trim(target.Path, "/") == "" && target.RawQuery == "" { // only the tenant's address
		target = target.JoinPath(".well-known", "openid-configuration")
	}
	control, err := findControl(c.URL, settings{File: c.File, Control: c.Control}, parsed)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	id, err := control.visit(ctx, target)
	if err != nil {
		return errors.Join(err, control.issuers(ctx))
	}
	traced, err := control.traceOf(ctx, id)
	if err != nil {
		return err
	}
	traced.write(t.stdout)
	if traced.Status != 0 {
		return &failure{status: exitFailure}
	}
	return nil
}

// write prints how the request was decided.
func (rq tracedRequest) write(w io.Writer) {
	if rq.Status != 0 {
		fmt.Fprintf(w, "%s %s is refused (%d).\n", rq.Method, rq.Path, rq.Status)
	} else {
		fmt.Fprintf(w, "%s %s is accepted.\n", rq.Method, rq.Path)
	}
	for _, s := range rq.Steps {
		fmt.Fprintf(w, "  %s: %s\n", s.Room, s.Said)
		if s.Setting != "" {
			fmt.Fprintf(w, "    what would change it: %s\n", s.Setting)
		}
	}
}

// visit sends a request and returns the id that the tenant gave it. It trusts the server's
// certificate authority, which it gets from the control listener.
func (c controlClient) visit(ctx context.Context, target *url.URL) (id string, err error) {
	authority, err := c.do(ctx, http.MethodGet, "/ca.pem")
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept", "text/html")
	response, err := client.Do(request)
	if err != nil {
		return "", fmt.Errorf("the tenant does not answer: %w", err)
	}
	if id = response.Header.Get("X-Auth0-Requestid"); id == "" {
		err = fmt.Errorf("%s is not a tenant of tenant0: its answer has no header X-Auth0-Requestid", target.Host)
	}
	return id, errors.Join(err, response.Body.Close())
}

// issuers returns an error that lists the tenants of the server, to be joined with another error.
func (c controlClient) issuers(ctx context.Context) error {
	raw, err := c.do(ctx, http.MethodGet, "/tenants")
	if err != nil {
		return err
	}
	var tenants []struct{ Issuer string }
	if err := json.Unmarshal(raw, &tenants); err != nil {
		return fmt.Errorf("answer of the server: %w", err)
	}
	var all []string
	for _, t := range tenants {
		all = append(all, t.Issuer)
	}
	return fmt.Errorf("the tenants of the server at %s are %s", c.url, strings.Join(all, ", "))
}

// traceOf finds the report on a request, whichever tenant of the server it was for.
func (c controlClient) traceOf(ctx context.Context, id string) (rq tracedRequest, err error) {
	raw, err := c.do(ctx, http.MethodGet, "/tenants")
	if err != nil {
		return rq, err
	}
	var tenants []struct{ Name string }
	if err := json.Unmarshal(raw, &tenants); err != nil {
		return rq, fmt.Errorf("answer of the server: %w", err)
	}
	for _, tenant := range tenants {
		if raw, err = c.do(ctx, http.MethodGet, "/tenants/"+url.PathEscape(tenant.Name)+"/trace/"+id); err == nil {
			return rq, json.Unmarshal(raw, &rq)
		}
	}
	return rq, fmt.Errorf("the server at %s has no trace of the request; does the URL belong to another server?", c.url)
}
