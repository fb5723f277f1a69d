package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/server/deploy"
)

// healthCommand asks a running server whether it is ready. It is for the health check
// of a container that contains nothing but this binary.
type healthCommand struct {
	URL     string `name:"url" placeholder:"URL" help:"URL of the server's control listener. Default: $$TENANT0_CONTROL_URL, or the control address."`
	File    string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Control string `name:"control" placeholder:"HOST:PORT" help:"The server's control address."`
}

// Help is the detailed text of --help.
func (healthCommand) Help() string {
	return `The exit status is 0 if the server is ready, and 1 if it is not.

    tenant0 health
    tenant0 health --url http://127.0.0.1:4401`
}

// Run asks the server once.
func (c *healthCommand) Run(parsed *kong.Context, t terminal) error {
	control, err := findControl(c.URL, settings{File: c.File, Control: c.Control}, parsed)
	if err != nil {
		return err
	}
	if err := control.ready(context.Background()); err != nil {
		return fmt.Errorf("%w; start the server, or give its control listener with --url", err)
	}
	_, err = fmt.Fprintf(t.stdout, "the server at %s is ready\n", control.url)
	return err
}

// controlClient sends requests to the control listener of a running server.
type controlClient struct{ url string }

// findControl returns a client for url or, if url is empty, for the server that flags,
// environment and configuration file describe.
func findControl(url string, flags settings, parsed *kong.Context) (controlClient, error) {
	if url != "" {
		return controlClient{strings.TrimSuffix(url, "/")}, nil
	}
	cfg, err := flags.loadBeside(parsed)
	if err != nil {
		return controlClient{}, err
	}
	url, err = cfg.ControlURL()
	return controlClient{url}, err
}

// patience bounds one request. It must be shorter than the time that container engines
// allow for a health check.
const patience = 5 * time.Second

// ready returns nil if the server is ready, or an error that says why not.
func (c controlClient) ready(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodGet, "/readyz")
	return err
}

// do sends a request without a body and returns the answer's body. A status of 300 or
// more is an error.
func (c controlClient) do(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return c.send(ctx, method, path, http.NoBody)
}

// post is do with a body of JSON. It waits for the answer without a time limit.
func (c controlClient) post(ctx context.Context, path string, body []byte) ([]byte, error) {
	return c.send(ctx, http.MethodPost, path, bytes.NewReader(body))
}

func (c controlClient) send(ctx context.Context, method, path string, content io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, &failure{exitUsage, fmt.Errorf("control listener: %w", err)}
	}
	// No proxy: the listener is on this machine or in its network.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no server answers: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, c.url+path, err)
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return nil, refusal(fmt.Sprintf("%s %s: %s", method, c.url+path, response.Status), body)
	}
	return body, nil
}

// refusal says why the server refused a request: the server's own sentence, or the
// request and the whole answer if there is none.
func refusal(request string, body []byte) error {
	var answer struct {
		Description   string `json:"error_description"`
		Section, Name string // of the object of an import
	}
	if json.Unmarshal(body, &answer) == nil && answer.Description != "" {
		return &deploy.Refused{Section: answer.Section, Name: answer.Name, Err: errors.New(answer.Description)}
	}
	return fmt.Errorf("%s: %s", request, strings.TrimSpace(string(body)))
}
