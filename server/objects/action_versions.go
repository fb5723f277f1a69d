package objects

import (
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ActionVersions are what was deployed of an action. The last is in force.
var ActionVersions = declare(&Kind{Kind: resource.ActionVersions, Owner: Actions})

// DeployedVersion is the version of an action that is deployed, nil for none.
func DeployedVersion(tx *storage.Tx, id string) (version storage.Document, err error) {
	for version, err = range PlainOf(tx, resource.ActionVersions, id).All() {
		if err != nil {
			return nil, err
		}
	}
	if version != nil {
		version["deployed"] = true
	}
	return version, nil
}

// DeployAction makes a version of what an action is now, and returns both.
func DeployAction(ch *Change, id string) (version, action storage.Document, err error) {
	if action, err = Actions.Find(ch.Tx, id); err != nil {
		return nil, nil, err
	}
	version, err = deployVersion(ch, action)
	return version, action, err
}

// RollBackAction deploys an earlier version of an action again, as a new one, and makes it
// what the action is where that is asked for. It returns the new version and the action.
func RollBackAction(ch *Change, id, versionID string, updateDraft bool) (version, action storage.Document, err error) {
	if action, err = Actions.Find(ch.Tx, id); err != nil {
		return nil, nil, err
	}
	earlier, err := ActionVersions.orMissing(PlainOf(ch.Tx, resource.ActionVersions, id).Document(versionID))
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
		if err := PlainOf(ch.Tx, resource.Actions, "").Put(action); err != nil {
			return nil, nil, err
		}
	}
	content := maps.Clone(earlier)
	content["id"] = action["id"]
	version, err = deployVersion(ch, content)
	return version, action, err
}

// deployVersion makes a version of what an action is now, and returns it.
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
	return version, PlainOf(ch.Tx, resource.ActionVersions, storage.Text(content, "id")).Put(version)
}
