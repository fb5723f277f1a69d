package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// timesheet is a timesheet of the API.
type timesheet struct {
	ID      int     `json:"id,omitempty"`
	Project string  `json:"project"`
	Date    string  `json:"date"`
	Hours   float64 `json:"hours"`
}

// timesheets calls the API. Its HTTP client adds the access token to every call.
type timesheets struct {
	url  string
	http *http.Client
}

// tour does everything that the app can do: it adds a timesheet, lists the user's
// timesheets, and approves those that wait for approval. If the API refuses what
// the user may not do, the app continues.
func (a timesheets) tour(ctx context.Context) error {
	work := timesheet{Project: "Blue Harbor", Date: "2026-11-23", Hours: 7.5}
	if err := a.call(ctx, http.MethodPost, "/timesheets", work, nil); err != nil {
		return err
	}
	if err := a.call(ctx, http.MethodGet, "/timesheets", nil, nil); err != nil {
		return err
	}
	var waiting []timesheet
	if err := a.call(ctx, http.MethodGet, "/approvals", nil, &waiting); err != nil {
		return err
	}
	for _, t := range waiting {
		if err := a.call(ctx, http.MethodPut, fmt.Sprintf("/approvals/%d", t.ID), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// call sends a request, shows the status of the response, and decodes the body if
// the status is 200. A refusal is shown too, and is not returned as an error.
func (a timesheets) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	rq, err := http.NewRequestWithContext(ctx, method, a.url+path, content)
	if err != nil {
		return err
	}
	rq.Header.Set("Content-Type", "application/json")
	resp, err := a.http.Do(rq)
	if err != nil {
		return fmt.Errorf("the API: %w", err)
	}
	defer resp.Body.Close()
	show(method+" "+path, resp.Status)
	if answer == nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(answer)
}
