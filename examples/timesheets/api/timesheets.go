package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
)

// timesheet is how long a user worked on a project on one day.
type timesheet struct {
	ID       int     `json:"id"`
	UserID   string  `json:"user_id"`
	Project  string  `json:"project"`
	Date     string  `json:"date"`
	Hours    float64 `json:"hours"`
	Approved bool    `json:"approved"`
}

// api is the API with its timesheets.
type api struct {
	tokens *oidc.IDTokenVerifier

	mu         sync.Mutex
	timesheets []timesheet // the timesheet with the id n is at index n-1
}

// routes returns the operations, each with the scope that it requires.
func (a *api) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /timesheets", a.requires("read:timesheets", a.list))
	mux.Handle("POST /timesheets", a.requires("create:timesheets", a.create))
	mux.Handle("POST /timesheets/upload", a.requires("batch:upload", a.upload))
	mux.Handle("GET /approvals", a.requires("approve:timesheets", a.approvals))
	mux.Handle("PUT /approvals/{id}", a.requires("approve:timesheets", a.approve))
	return mux
}

// list answers with the caller's own timesheets.
func (a *api) list(w http.ResponseWriter, _ *http.Request, c caller) {
	reply(w, http.StatusOK, a.filter(func(t timesheet) bool { return t.UserID == c.Email }))
}

// approvals answers with everyone's timesheets that wait for approval.
func (a *api) approvals(w http.ResponseWriter, _ *http.Request, _ caller) {
	reply(w, http.StatusOK, a.filter(func(t timesheet) bool { return !t.Approved }))
}

// create adds a timesheet of the caller, whatever user the body names.
func (a *api) create(w http.ResponseWriter, r *http.Request, c caller) {
	if t, ok := read(w, r); ok {
		t.UserID = c.Email
		reply(w, http.StatusCreated, a.add(t))
	}
}

// upload adds a timesheet for the user that the body names. It is for machines,
// whose tokens belong to no user.
func (a *api) upload(w http.ResponseWriter, r *http.Request, _ caller) {
	if t, ok := read(w, r); ok {
		reply(w, http.StatusCreated, a.add(t))
	}
}

// approve approves a timesheet.
func (a *api) approve(w http.ResponseWriter, r *http.Request, _ caller) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(a.timesheets) {
		refuse(w, http.StatusNotFound, "There is no timesheet "+r.PathValue("id"))
		return
	}
	t := &a.timesheets[id-1]
	t.Approved = true
	reply(w, http.StatusOK, *t)
}

// maxBody is the largest accepted body, in bytes.
const maxBody = 1 << 16

// read reads a timesheet from the body. If it cannot, it answers with an error
// and returns false.
func read(w http.ResponseWriter, r *http.Request) (t timesheet, ok bool) {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&t); err != nil {
		refuse(w, http.StatusBadRequest, "The body is no timesheet: "+err.Error())
		return t, false
	}
	if t.Project == "" || t.Date == "" || t.Hours <= 0 {
		refuse(w, http.StatusBadRequest, "A timesheet has a project, a date and hours")
		return t, false
	}
	return t, true
}

func (a *api) add(t timesheet) timesheet {
	a.mu.Lock()
	defer a.mu.Unlock()
	t.ID, t.Approved = len(a.timesheets)+1, false
	a.timesheets = append(a.timesheets, t)
	return t
}

func (a *api) filter(keep func(timesheet) bool) []timesheet {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := []timesheet{}
	for _, t := range a.timesheets {
		if keep(t) {
			kept = append(kept, t)
		}
	}
	return kept
}
