package main

import "fmt"

// line is a line of the client's output.
type line struct{ label, value string }

func (l line) String() string { return fmt.Sprintf("%-18s %s", l.label, l.value) }

// The scopes of the scenario. The app never requests approve:timesheets. A user
// with that permission gets it nevertheless, because the rule of the
// Authorization Extension grants everything that the user may do.
const (
	requested       = "create:timesheets read:timesheets openid profile email offline_access"
	contractorScope = "openid profile email offline_access"
	employeeScope   = contractorScope + " read:timesheets create:timesheets delete:timesheets"
	managerScope    = employeeScope + " approve:timesheets"
)

// promises is what the scenario promises for each user, in the order in which
// they log in: the manager, who comes second, finds the employee's timesheet to
// approve.
var promises = []struct {
	user  string
	lines []line
}{
	{"employee@exampleco.com", []line{
		{"requested", requested},
		{"granted", employeeScope},
		{"POST /timesheets", "201 Created"},
		{"GET /timesheets", "200 OK"},
		{"GET /approvals", "403 Forbidden"},
		{"refreshed", employeeScope},
		{"GET /timesheets", "200 OK"},
	}},
	{"manager@exampleco.com", []line{
		{"requested", requested},
		{"granted", managerScope},
		{"POST /timesheets", "201 Created"},
		{"GET /timesheets", "200 OK"},
		{"GET /approvals", "200 OK"},
		{"PUT /approvals/1", "200 OK"},
		{"PUT /approvals/2", "200 OK"},
		{"refreshed", managerScope},
		{"GET /timesheets", "200 OK"},
	}},
	{"contractor@exampleco.com", []line{
		{"requested", requested},
		{"granted", contractorScope},
		{"POST /timesheets", "403 Forbidden"},
		{"GET /timesheets", "403 Forbidden"},
		{"GET /approvals", "403 Forbidden"},
		{"refreshed", contractorScope},
		{"GET /timesheets", "403 Forbidden"},
	}},
}
