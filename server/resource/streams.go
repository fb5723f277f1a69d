package resource

import (
	"net/http"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// sinkMembers are the members of log streams' sinks, of all types, that are secrets. The URL of a Sumo Logic source is
// a secret as a whole.
var sinkMembers = Fields{
	"httpAuthorization": secretText,
	"httpCustomHeaders": {Type: Array, Item: &Field{Type: Object, Open: true, Fields: Fields{"header": text, "value": secretText}}},
	"datadogApiKey":     secretText, "splunkToken": secretText, "sumoSourceAddress": secretText, "mixpanelServiceAccountPassword": secretText,
	"segmentWriteKey": secretText,
}

// Possible destinations and contents of log streams.
var (
	awsRegions = strings.Fields("af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 " +
		"ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 eu-central-1 " +
		"eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 " +
		"us-gov-east-1 us-gov-west-1 us-east-1 us-east-2 us-west-1 us-west-2")
	azureRegions = strings.Fields("australiacentral australiaeast australiasoutheast brazilsouth canadacentral canadaeast centralindia centralus " +
		"eastasia eastus eastus2 francecentral germanywestcentral japaneast japanwest koreacentral koreasouth northcentralus northeurope " +
		"norwayeast southafricanorth southcentralus southeastasia southindia swedencentral switzerlandnorth uaenorth uksouth ukwest " +
		"westcentralus westeurope westindia westus westus2")
	// logCategories are the categories of log events that a stream can be filtered by. Auth0 documents all but the
	// last.
	logCategories = strings.Fields("auth.login.fail auth.login.notification auth.login.success auth.logout.fail auth.logout.success " +
		"auth.signup.fail auth.signup.success auth.silent_auth.fail auth.silent_auth.success auth.token_exchange.fail " +
		"auth.token_exchange.success management.fail management.success scim.event system.notification user.fail user.notification " +
		"user.success actions other auth.ancillary.fail auth.ancillary.success")
)

var (
	// LogStreams describes the resource of Auth0: api/management/v2/log-streams.
	LogStreams = &Kind{
		Name: storage.LogStreams, ID: "id", NewID: func() string { return "lst_" + random(16, "0123456789") },
		Fields: Fields{
			"id": readOnly, "name": {Type: String, Min: 1},
			"type": {Type: String, Required: true, Access: CreateOnly, Enum: []string{
				"http", "eventbridge", "eventgrid", "datadog", "splunk", "sumo", "mixpanel", "segment",
			}},
			"status": {Type: String, Access: UpdateOnly, Enum: []string{storage.LogStreamActive, storage.LogStreamPaused, storage.LogStreamSuspended}},
			"sink":   {Type: Object, Required: true, Open: true, Fields: sinkMembers}, "startFrom": {Type: String, Access: CreateOnly}, "isPriority": {Type: Bool, Default: false},
			"filters": {Type: Array, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"type": {Type: String, Enum: []string{"category"}}, "name": {Type: String, Enum: logCategories},
			}}},
			"pii_config": {Type: Object, Fields: Fields{
				"log_fields": {Type: Array, Required: true, Min: 1, Item: &Field{Type: String, Enum: []string{"first_name", "last_name", "username", "email", "phone", "address"}}},
				"method":     {Type: String, Enum: []string{"mask", "hash"}}, "algorithm": {Type: String, Enum: []string{"xxhash"}},
			}},
		},
		Complete: func(doc storage.Document, _ time.Time) { set(doc, "status", storage.LogStreamActive) },
		Missing:  missing("inexistent_log_stream", "The log stream does not exist"),
	}
	// Sinks are the destinations of log streams, by type.
	Sinks = map[string]*Kind{
		"http": sink(Fields{
			"httpEndpoint": {Type: String, Required: true, Format: "absolute-http-url"}, "httpContentType": text,
			"httpContentFormat": {Type: String, Enum: []string{"JSONARRAY", "JSONLINES", "JSONOBJECT"}},
			"httpAuthorization": sinkMembers["httpAuthorization"], "httpCustomHeaders": sinkMembers["httpCustomHeaders"],
		}),
		"eventbridge": sink(Fields{
			"awsAccountId": {Type: String, Required: true, Pattern: Like(`^\d{12}$`)}, "awsRegion": among(awsRegions...),
			"awsPartnerEventSource": text,
		}),
		"eventgrid": sink(Fields{
			"azureSubscriptionId": {Type: String, Required: true, Pattern: Like("^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$")},
			"azureRegion":         among(azureRegions...), "azureResourceGroup": required(text), "azurePartnerTopic": text,
		}),
		"datadog": sink(Fields{"datadogApiKey": required(sinkMembers["datadogApiKey"]), "datadogRegion": among("us", "eu", "us3", "us5")}),
		"splunk": sink(Fields{
			"splunkDomain": required(text), "splunkPort": {Type: String, Required: true, Pattern: Like("^[0-9]*$")},
			"splunkToken": required(sinkMembers["splunkToken"]), "splunkSecure": required(flag),
		}),
		"sumo": sink(Fields{"sumoSourceAddress": required(sinkMembers["sumoSourceAddress"])}),
		"mixpanel": sink(Fields{
			"mixpanelRegion": among("us", "eu"), "mixpanelProjectId": {Type: String, Required: true, Pattern: Like(`^\d+$`)},
			"mixpanelServiceAccountUsername": {Type: String, Required: true, Pattern: Like("^[^:]+$")},
			"mixpanelServiceAccountPassword": sinkMembers["mixpanelServiceAccountPassword"],
		}),
		"segment": sink(Fields{"segmentWriteKey": required(sinkMembers["segmentWriteKey"])}),
	}
	// Destinations are the destinations of event streams, by type. Unlike Auth0, which demands https, webhooks may use
	// http.
	Destinations = map[string]*Kind{
		"webhook": destination(Fields{
			"webhook_endpoint":      {Type: String, Required: true, Format: "absolute-http-url"},
			"webhook_authorization": webhookAuthorization,
		}),
		"eventbridge": destination(Fields{
			"aws_account_id": {Type: String, Required: true, Pattern: Like(`^\d{12}$`)}, "aws_region": among(awsRegions...), "aws_partner_event_source": text,
		}),
		"action": destination(Fields{"action_id": required(text)}),
	}
	// EventStreams describes the resource of Auth0: api/management/v2/event-streams.
	EventStreams = &Kind{
		Name: "event-streams", ID: "id", NewID: Prefixed("est_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "name": {Type: String, Min: 1, Max: 128},
			"status": {Type: String, Default: "enabled", Enum: []string{"enabled", "disabled"}},
			"subscriptions": {Type: Array, Default: []any{}, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"event_type": {Type: String, Required: true, Enum: EventTypes},
			}}},
			"destination": {Type: Object, Required: true, Open: true, Fields: Fields{
				"type": {Type: String, Required: true, Enum: []string{"webhook", "eventbridge", "action"}}, "configuration": {Type: Object, Required: true, Open: true, Fields: Fields{
					"webhook_authorization": {Open: true, Fields: Fields{"token": secret, "password": secret, "header_value": secret}},
				}},
			}},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "The event stream does not exist."),
	}
	// Redelivery is a request to send failed deliveries again.
	Redelivery = &Kind{Fields: Fields{
		"date_from": text, "date_to": text, "statuses": {Type: Array, Item: &Field{Type: String, Enum: []string{"failed"}}}, "event_types": texts,
	}}
	// EventTest is a request for a test event.
	EventTest = &Kind{Fields: Fields{"event_type": {Type: String, Required: true, Enum: EventTypes}, "data": {Type: Object, Open: true}}}
	// EventDeliveryMissing is the error for an unknown id of a delivery.
	EventDeliveryMissing = missing("", "The event delivery does not exist.")
	// EventDeliveryPending is the error for the redelivery of a delivery that has not failed.
	EventDeliveryPending = &apierr.Error{Status: http.StatusConflict, Message: "The event is not in a state that allows redelivery."}
	// EventStreamFull is the error for enabling a stream with too many failed deliveries.
	EventStreamFull = InvalidBody("The event stream cannot be enabled: too many of its deliveries have failed. Redeliver them first.")
	// EventStreamDisabled is the error for a test event to a disabled stream.
	EventStreamDisabled = InvalidBody("Events are not sent to disabled event streams.")
)

// EventTypes are the types of events that Auth0 has, Auth0: docs/events. tenant0 has no groups, so events about groups
// never occur.
var EventTypes = strings.Fields("connection.created connection.deleted connection.updated group.created group.deleted group.member.added " +
	"group.member.deleted group.role.assigned group.role.deleted group.updated organization.connection.added organization.connection.removed " +
	"organization.connection.updated organization.created organization.deleted organization.group.role.assigned organization.group.role.deleted " +
	"organization.member.added organization.member.deleted organization.member.role.assigned organization.member.role.deleted organization.updated " +
	"user.created user.deleted user.updated")

// sink describes a log stream with the members of its sink.
func sink(fields Fields) *Kind {
	return &Kind{Fields: Fields{"sink": {Type: Object, Fields: fields}}}
}

// destination describes an event stream with the members of its destination's configuration.
func destination(configuration Fields) *Kind {
	return &Kind{Fields: Fields{"destination": {Type: Object, Open: true, Fields: Fields{
		"configuration": {Type: Object, Required: true, Fields: configuration},
	}}}}
}

// webhookAuthorization describes how requests to a webhook are authenticated. Only the method is required, because
// Auth0's own SDK for Go has no members for a token or a password.
var webhookAuthorization = Field{Type: Object, Required: true, Fields: Fields{
	"method": among("basic", "bearer", "custom_header"), "username": text, "password": text, "token": text,
	"header_key": text, "header_value": text,
}}

var eventStreamID = Like("^est_[A-Za-z0-9]{16,22}$")

// CheckEventStreamID checks the form of an event stream's id.
func CheckEventStreamID(id string) error {
	if eventStreamID().MatchString(id) {
		return nil
	}
	return &apierr.Error{
		Status: http.StatusBadRequest, Extra: errorCode("invalid_uri"),
		Message: "Path validation error: 'Object didn't pass validation for format event-stream-id: " + id + "' on property id (Unique identifier for the event stream).",
	}
}
