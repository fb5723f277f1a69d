package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of searches among many users and of an import, as multiples of the time of a signature.
// A scan compares each of 100,000 users with the query, and an import stores 10,000 users.
const (
	maxExactSearch = 5
	maxFreeScan    = 500
	maxImport      = 5_000
	importedUsers  = 10_000
	searches       = 11
)

// manager is a client of the Management API. What it measures takes so long that net/http's
// client does not distort it.
type manager struct {
	base, token string
}

// openManager gets a token for the Management API of a tenant that writeTenant wrote.
func openManager(p *process) (*manager, error) {
	m := &manager{base: "http://" + p.addr}
	var discovery struct {
		Issuer string `json:"issuer"`
	}
	if err := m.do(http.MethodGet, "/.well-known/openid-configuration", "", nil, &discovery); err != nil {
		return nil, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {machineID(0)}, "client_secret": {machineKey}, "audience": {discovery.Issuer + "api/v2/"},
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	err := m.do(http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), &answer)
	m.token = answer.Token
	return m, err
}

func (m *manager) do(method, path, contentType string, body io.Reader, answer any) error {
	rq, err := http.NewRequest(method, m.base+path, body) //nolint:noctx // ends with the server
	if err != nil {
		return err
	}
	rq.Header.Set("Content-Type", contentType)
	rq.Header.Set("Authorization", "Bearer "+m.token)
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode > 299 {
		return fmt.Errorf("%s %s: %s\n%s", method, path, resp.Status, raw)
	}
	return json.Unmarshal(raw, answer)
}

// search measures searches, each of which must find exactly one user.
func (m *manager) search(query func(i int) string) (sample, error) {
	times := make(sample, searches)
	for i := range times {
		var found struct {
			Total int `json:"total"`
		}
		began := time.Now()
		err := m.do(http.MethodGet, "/api/v2/users?search_engine=v3&include_totals=true&q="+url.QueryEscape(query(i)), "", nil, &found)
		if err != nil {
			return nil, err
		}
		if times[i] = time.Since(began).Seconds(); found.Total != 1 {
			return nil, fmt.Errorf("the search for %s finds %d users", query(i), found.Total)
		}
	}
	return times, nil
}

// searching measures searches in a tenant with many users: for a term that an index finds, and
// for a term with which every user is compared.
func (b *bench) searching(t *tenantOf) error {
	b.progress("searches among %s users", thousands(t.users))
	m, err := openManager(t.process)
	if err != nil {
		return err
	}
	one := func(i int) int { return i * (t.users / searches) }
	exact, err := m.search(func(i int) string { return fmt.Sprintf("email:%q", email(one(i))) })
	if err != nil {
		return err
	}
	b.table.inSignatures(fmt.Sprintf("exact search among %s users", thousands(t.users)), exact, maxExactSearch)
	scan, err := m.search(func(i int) string {
		name, _, _ := strings.Cut(email(one(i)), "@")
		return "nickname:*" + name[1:] + "*"
	})
	if err != nil {
		return err
	}
	b.table.inSignatures("free scan of them", scan, maxFreeScan)
	return nil
}

// importing measures an import job of users with password hashes.
func (b *bench) importing(t *tenantOf) error {
	b.progress("an import of %s users", thousands(importedUsers))
	m, err := openManager(t.process)
	if err != nil {
		return err
	}
	var connections []struct {
		ID string `json:"id"`
	}
	if err := m.do(http.MethodGet, "/api/v2/connections", "", nil, &connections); err != nil {
		return err
	}
	users := make([]object, importedUsers)
	for i := range users {
		users[i] = object{"email": "imported-" + email(i), "password_hash": passwordHash}
	}
	text, err := json.Marshal(users)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	file, err := form.CreateFormFile("users", "users.json")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err := errors.Join(err, form.WriteField("connection_id", connections[0].ID), form.Close()); err != nil {
		return err
	}
	var job struct {
		ID, Status string
		Summary    struct{ Inserted int }
	}
	began := time.Now()
	if err := m.do(http.MethodPost, "/api/v2/jobs/users-imports", form.FormDataContentType(), &body, &job); err != nil {
		return err
	}
	for job.Status != "completed" {
		if time.Since(began) > patience || job.Status == "failed" {
			return fmt.Errorf("the import is %s after %s", job.Status, time.Since(began))
		}
		if err := m.do(http.MethodGet, "/api/v2/jobs/"+job.ID, "", nil, &job); err != nil {
			return err
		}
	}
	took := time.Since(began).Seconds()
	if job.Summary.Inserted != importedUsers {
		return fmt.Errorf("the import inserted %d users", job.Summary.Inserted)
	}
	b.table.inSignatures(fmt.Sprintf("import job of %s users", thousands(importedUsers)), sample{took}, maxImport)
	if b.firstStart > 0 {
		b.table.compared("first start with as many, beside it", sample{b.firstStart}, milliseconds, sample{took}, milliseconds(took), 1)
	}
	return nil
}
