package management

import (
	"iter"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// actions serves the tenant's actions, Auth0: api/management/v2/actions.
//
//auth0:operation GET /api/v2/actions/actions
//auth0:operation POST /api/v2/actions/actions
//auth0:operation GET /api/v2/actions/actions/{id}
//auth0:operation PATCH /api/v2/actions/actions/{id}
//auth0:operation DELETE /api/v2/actions/actions/{id}
func actions() collection {
	return collection{
		kind: objects.Actions, path: "/actions/actions", scope: "actions", verbs: "list create get patch delete", strict: true, hides: true,
		list: listing{
			key: "actions", style: counted, refusedParams: []string{"include_totals"}, filters: map[string]string{"actionName": "name"},
			keep: triggersAction, filtered: func(c *call) bool { return c.query.Has("triggerId") }, search: (*call).deployedActions,
		},
		show: showAction,
	}
}

// deployedActions filters actions by the query parameters deployed and installed. No action counts as installed,
// since tenant0 has no marketplace.
func (c *call) deployedActions(tx *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
	deployed, installed := c.query.Get("deployed"), c.query.Get("installed")
	if deployed == "" && installed != "true" {
		return wholeList, nil
	}
	var all, kept []storage.Row
	for row, err := range rows {
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	for _, row := range all {
		version, err := objects.DeployedVersion(tx, row.Key)
		if err != nil {
			return nil, err
		}
		if installed != "true" && (deployed == "" || (version != nil) == (deployed == "true")) {
			kept = append(kept, row)
		}
	}
	return numbered(kept), nil
}

func triggersAction(c *call, doc storage.Document) bool {
	return !c.query.Has("triggerId") || slices.ContainsFunc(objects.Items(doc, "supported_triggers"), func(t storage.Document) bool {
		return storage.Text(t, "id") == c.query.Get("triggerId")
	})
}

// showAction adds the deployed version and the status. The status is pending in the response to a write and built in
// any later response.
func showAction(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	version, err := objects.DeployedVersion(tx, storage.Text(doc, "id"))
	if err != nil {
		return nil, err
	}
	delete(doc, "deploy")
	doc["status"] = "built"
	if c.method != http.MethodGet {
		doc["status"] = "pending"
	}
	doc["all_changes_deployed"] = version != nil && objects.SameContent(doc, version)
	if version == nil {
		return doc, nil
	}
	doc["deployed_version"] = version
	doc["current_version"] = storage.Document{
		"id": version["id"], "code": version["code"], "runtime": version["runtime"], "status": "BUILT", "number": version["number"],
		"build_time": version["built_at"], "created_at": version["created_at"], "updated_at": version["updated_at"],
	}
	return doc, nil
}
