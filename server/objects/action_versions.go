package objects

import (
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ActionVersions are the deployed versions of an action. The latest one is in force.
var ActionVersions = declare(&Kind{Kind: resource.ActionVersions, Owner: Actions})

// DeployedVersion returns the version of an action that is deployed, nil if there is none.
func DeployedVersion(tx *storage.Tx, id string) (version storage.Document, err error) {
	for version, err = range DocumentStoreOf(tx, resource.ActionVersions, id).All() {
		if err != nil {
			return nil, err
		}
	}
	if version != nil {
		version["deployed"] = true
	}
	return version, nil
}

// DeployAction deploys an action's draft as a new version, and returns both.
func DeployAction(ch *Change, id string) (version, action storage.Document, err error) {
	if action, err = Actions.Find(ch.Tx, id); err != nil {
		return nil, nil, err
	}
	version, err = deployVersion(ch, action)
	return version, action, err
}

// RollBackAction deploys an earlier version of an action again, under a new number. With
// updateDraft it also replaces the action's draft by that version. It returns the new
// version and the action.
func RollBackAction(ch *Change, id, versionID string, updateDraft bool) (version, action storage.Document, err error) {
	if action, err = Actions.Find(ch.Tx, id); err != nil {
		return nil, nil, err
	}
	earlier, err := ActionVersions.orMissing(DocumentStoreOf(ch.Tx, resource.ActionVersions, id).Document(versionID))
	if err != nil {
		return nil, nil, err
	}
	if updateDraft {
		for _, name := range versioned {
			if value, ok := earlier[name]; ok {
				action[name] = value
			}
		}
		stamp(action, action, resource.NanoTime(ch.Now))
		if err := DocumentStoreOf(ch.Tx, resource.Actions, "").Put(action); err != nil {
			return nil, nil, err
		}
	}
	content := maps.Clone(earlier)
	content["id"] = action["id"]
	version, err = deployVersion(ch, content)
	return version, action, err
}

// deployVersion stores content, which has the members of an action, as a new version, and
// returns the version.
func deployVersion(ch *Change, content storage.Document) (storage.Document, error) {
	last, err := DeployedVersion(ch.Tx, storage.Text(content, "id"))
	if err != nil {
		return nil, err
	}
	number, _ := last["number"].(float64)
	now := resource.NanoTime(ch.Now)
	version := storage.Document{
		"id": resource.UUID(), "number": number + 1, "status": "built", "deployed": false, "built_at": now, "created_at": now, "updated_at": now,
	}
	for _, name := range versioned {
		if value, ok := content[name]; ok {
			version[name] = value
		}
	}
	return version, DocumentStoreOf(ch.Tx, resource.ActionVersions, storage.Text(content, "id")).Put(version)
}
