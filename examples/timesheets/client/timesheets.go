package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// timesheet is what the API knows of somebody's work.
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

// tour does all that the app can do: it enters a timesheet, lists the user's and
// approves what waits for approval. What the user may not do the API refuses, and
// the app goes on.
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

// call sends one request, shows the status of its answer, and decodes the answer
// of one that succeeded. A refusal is no error: it is an answer.
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
