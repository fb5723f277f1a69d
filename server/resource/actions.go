package resource

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// NanoTime formats a time as actions have it, and MicroTime as modules of
// actions have it: ISO 8601 with all digits of the fraction.
func NanoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// MicroTime formats a time as modules of actions have it; see NanoTime.
func MicroTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// Parts of actions and modules.
var (
	dependencies = Field{Type: Array, Default: []any{}, Item: &Field{Type: Object, Open: true, Fields: Fields{"name": text, "version": text, "registry_url": text}}}
	secrets      = Field{Type: Array, Default: []any{}, Item: &Field{Type: Object, Open: true, Fields: Fields{
		"name": {Type: String, Required: true, Min: 1}, "value": {Type: String, Nullable: true, Secret: true},
	}}}
	// version and described are objects in answers, which contain secrets too.
	namedSecrets = Fields{"secrets": {Item: &Field{Open: true, Fields: Fields{"value": secret}}}}
	version      = Field{Access: ReadOnly, Open: true, Fields: namedSecrets}
	described    = Field{Open: true, Fields: Fields{"secrets": namedSecrets["secrets"], "deployed_version": {Open: true, Fields: namedSecrets}}}
)

var (
	// Actions describes the resource of Auth0: api/management/v2/actions. Their code is stored and
	// never run.
	Actions = &Kind{
		Name: "actions/actions", ID: "id", NewID: UUID,
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "status": readOnly, "built_at": readOnly, "current_version": version,
			"deployed_version": version, "all_changes_deployed": readOnly, "installed_integration_id": readOnly, "integration": readOnly,
			"name": {Type: String, Required: true, Min: 1}, "code": text, "runtime": {Type: String, Default: "node22"},
			"supported_triggers": {Type: Array, Required: true, Min: 1, Item: &Field{Type: Object, Fields: Fields{
				"id": {Type: String, Required: true, Enum: TriggerIDs()}, "version": text, "status": text, "runtimes": texts, "default_runtime": text,
				"compatible_triggers": {Type: Array, Item: &Field{Type: Object, Fields: Fields{
					"id": {Type: String, Required: true, Enum: TriggerIDs()}, "version": {Type: String, Required: true},
				}}},
				"binding_policy": *oneOf(ofTrigger, ofEntity),
			}}},
			"dependencies": dependencies, "secrets": secrets, "deploy": {Type: Bool, Access: CreateOnly},
			"modules": {Type: Array, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"module_id": {Type: String, Required: true}, "module_version_id": {Type: String, Required: true},
			}}},
		},
		Missing: missing("", "That action does not exist."),
	}
	// ActionVersions are the deployed versions of an action.
	ActionVersions = &Kind{Name: "actions/versions", ID: "id", Fields: Fields{"secrets": namedSecrets["secrets"], "action": described}, NewID: UUID, Missing: missing("", "That action version does not exist.")}
	// ActionModules describes the resource of Auth0: api/management/v2/actions/modules.
	ActionModules = &Kind{
		Name: "actions/modules", ID: "id", NewID: UUID,
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "all_changes_published": readOnly, "actions_using_module_total": readOnly,
			"latest_version": version, "latest_version_number": readOnly,
			"name": {Type: String, Required: true, Access: CreateOnly, Min: 1, Max: 255}, "code": {Type: String, Required: true, Max: 65536},
			"api_version": {Type: String, Access: CreateOnly, Max: 20}, "publish": {Type: Bool, Access: CreateOnly},
			"dependencies": dependencies, "secrets": secrets,
		},
		Unique:  []string{"name"},
		Missing: missing("", "That module does not exist."), Taken: taken("", "A module with that name already exists."),
	}
	// ActionModuleVersions are the published versions of a module.
	ActionModuleVersions = &Kind{Name: "actions/modules/versions", ID: "id", Fields: namedSecrets, NewID: UUID, Missing: missing("", "That module version does not exist.")}
	// ActionBindings are the actions bound to a trigger, in their order.
	ActionBindings = &Kind{
		Name: "actions/bindings", ID: "id", NewID: UUID,
		Fields: Fields{"bindings": {Type: Array, Item: &Field{Type: Object, Open: true, Fields: Fields{
			"ref": {Type: Object, Required: true, Fields: Fields{
				"type": {Type: String, Required: true, Enum: []string{"binding_id", "action_id", "action_name"}}, "value": {Type: String, Required: true},
			}},
			"display_name": {Type: String}, "secrets": secrets, "action": described,
		}}}},
		Missing: missing("", "That trigger does not exist."),
	}
)

// Errors of the actions API.
var (
	ActionBound       = &apierr.Error{Status: http.StatusConflict, Message: "Unable to delete an action bound to a trigger."}
	ActionNotDeployed = &apierr.Error{Status: http.StatusBadRequest, Message: "Trying to create a binding for an action that has not been deployed yet."}
	// ModuleUsed, ModuleWithoutDraft and ModuleVersionIsDraft are errors of
	// modules, Auth0: api/management/v2/actions/modules.
	ModuleUsed           = &apierr.Error{Status: http.StatusPreconditionFailed, Message: "The Actions Module cannot be deleted because it is in use by one or more actions."}
	ModuleWithoutDraft   = taken("", "No draft version is available to publish.")
	ModuleVersionIsDraft = taken("", "The specified version is already the current draft version.")
	// ActionExecutionMissing and ActionBindingMissing are the errors for unknown
	// ids.
	ActionExecutionMissing = missing("", "That execution does not exist.")
	ActionBindingMissing   = missing("", "That binding does not exist.")
)

// trigger is a version of a trigger, an event that runs actions.
type trigger struct {
	id, version, status, runtime, policy string
	compatible                           string // an older version whose actions this version can run too
}

const (
	current    = "CURRENT"
	deprecated = "DEPRECATED"
	ofTrigger  = "trigger-bound"
	ofEntity   = "entity-bound"
)

// triggers are the triggers of actions, Auth0: customize/actions/explore-triggers.
var triggers = []trigger{
	{"post-login", "v3", current, "node22", ofTrigger, "v2"},
	{"post-login", "v1", deprecated, "node12", ofTrigger, ""},
	{"post-login", "v2", deprecated, "node18", ofTrigger, ""},
	{"credentials-exchange", "v2", current, "node22", ofTrigger, ""},
	{"credentials-exchange", "v1", deprecated, "node12", ofTrigger, ""},
	{"pre-user-registration", "v2", current, "node22", ofTrigger, ""},
	{"pre-user-registration", "v1", deprecated, "node12", ofTrigger, ""},
	{"post-user-registration", "v2", current, "node22", ofTrigger, ""},
	{"post-user-registration", "v1", deprecated, "node12", ofTrigger, ""},
	{"post-change-password", "v2", current, "node22", ofTrigger, ""},
	{"post-change-password", "v1", deprecated, "node12", ofTrigger, ""},
	{"send-phone-message", "v2", current, "node22", ofTrigger, ""},
	{"send-phone-message", "v1", deprecated, "node12", ofTrigger, ""},
	{"password-reset-post-challenge", "v1", current, "node22", ofTrigger, ""},
	{"login-post-identifier", "v1", current, "node22", ofTrigger, ""},
	{"signup-post-identifier", "v1", current, "node22", ofTrigger, ""},
	{"custom-phone-provider", "v1", current, "node22", ofTrigger, ""},
	{"custom-email-provider", "v1", current, "node22", ofTrigger, ""},
	{"custom-token-exchange", "v1", current, "node22", ofEntity, ""},
	{"event-stream", "v1", current, "node22", ofEntity, ""},
	{"mcp-tool", "v1", current, "node22", ofEntity, ""},
	{"password-hash-migration", "v1", current, "node22", ofEntity, ""},
}

// Triggers returns the triggers as the actions API lists them.
func Triggers() []storage.Document {
	all := make([]storage.Document, len(triggers))
	for i, t := range triggers {
		compatible := []any{}
		if t.compatible != "" {
			compatible = append(compatible, storage.Document{"id": t.id, "version": t.compatible})
		}
		runtimes := []any{"node22"}
		if t.status == current {
			runtimes = []any{"node18-actions", "node22"}
		}
		all[i] = storage.Document{
			"id": t.id, "version": t.version, "status": t.status, "runtimes": runtimes, "default_runtime": t.runtime,
			"binding_policy": t.policy, "compatible_triggers": compatible,
		}
	}
	return all
}

// TriggerIDs returns the names of the triggers, each once.
func TriggerIDs() []string {
	var ids []string
	for _, t := range triggers {
		if len(ids) == 0 || ids[len(ids)-1] != t.id {
			ids = append(ids, t.id)
		}
	}
	return ids
}

// ModuleRollback is a request to return a module to an earlier version.
var ModuleRollback = &Kind{Fields: Fields{"module_version_id": {Type: String, Required: true}}}
