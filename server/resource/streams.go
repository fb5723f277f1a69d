package resource

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// sinkMembers are the members of the sinks of log streams that are secrets, of every type. The address of a Sumo Logic
// source is one as a whole.
var sinkMembers = Fields{
	"httpAuthorization": secret, "httpCustomHeaders": {Item: &Field{Open: true, Fields: Fields{"value": secret}}},
	"datadogApiKey": secret, "splunkToken": secret, "sumoSourceAddress": secret, "mixpanelServiceAccountPassword": secret, "segmentWriteKey": secret,
}

var (
	// LogStreams is Auth0: api/management/v2/log-streams.
	LogStreams = &Kind{
		Name: storage.LogStreams, ID: "id", NewID: func() string { return "lst_" + random(16, "0123456789") }, Open: true,
		Fields: Fields{
			"id": onlyRead, "name": {Type: String, Min: 1},
			"type": {Type: String, Required: true, Access: CreateOnly, Enum: []string{
				"http", "eventbridge", "eventgrid", "datadog", "splunk", "sumo", "mixpanel", "segment",
			}},
			"status": {Type: String, Access: UpdateOnly, Enum: []string{storage.LogStreamActive, storage.LogStreamPaused, storage.LogStreamSuspended}},
			"sink":   {Type: Object, Required: true, Open: true, Fields: sinkMembers}, "startFrom": {Type: String, Access: CreateOnly}, "isPriority": {Type: Bool, Default: false},
			"filters": {Type: Array, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"type": {Type: String, Enum: []string{"category"}}, "name": text,
			}}},
			"pii_config": {Type: Object, Open: true, Fields: Fields{
				"log_fields": {Type: Array, Required: true, Item: &Field{Type: String, Enum: []string{"first_name", "last_name", "username", "email", "phone", "address"}}},
				"method":     {Type: String, Enum: []string{"mask", "hash"}}, "algorithm": {Type: String, Enum: []string{"xxhash"}},
			}},
		},
		Complete: func(doc storage.Document, _ time.Time) { set(doc, "status", storage.LogStreamActive) },
		Missing:  missing("inexistent_log_stream", "The log stream does not exist"),
	}
	// Sinks are where log streams lead, by type.
	Sinks = map[string]*Kind{
		"http":        sinkOf(Fields{"httpEndpoint": {Type: String, Required: true, Format: "absolute-http-url"}}),
		"eventbridge": sink("awsAccountId", "awsRegion"),
		"eventgrid":   sink("azureSubscriptionId", "azureRegion", "azureResourceGroup"),
		"datadog":     sink("datadogApiKey", "datadogRegion"),
		"splunk":      sink("splunkDomain", "splunkPort", "splunkToken"),
		"sumo":        sink("sumoSourceAddress"),
		"mixpanel":    sink("mixpanelProjectId", "mixpanelServiceAccountUsername"),
		"segment":     sink("segmentWriteKey"),
	}
	// EventStreams is Auth0: api/management/v2/event-streams.
	EventStreams = &Kind{
		Name: "event-streams", ID: "id", NewID: Prefixed("est_", 22), Open: true,
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "name": {Type: String, Min: 1, Max: 128},
			"status": {Type: String, Default: "enabled", Enum: []string{"enabled", "disabled"}},
			"subscriptions": {Type: Array, Default: []any{}, Item: &Field{Type: Object, Open: true, Fields: Fields{
				"event_type": {Type: String, Required: true},
			}}},
			"destination": {Type: Object, Required: true, Open: true, Fields: Fields{
				"type": {Type: String, Required: true, Enum: []string{"webhook", "eventbridge", "action"}}, "configuration": {Type: Object, Required: true, Open: true, Fields: Fields{
					"webhook_authorization": {Open: true, Fields: Fields{"token": secret, "password": secret}},
				}},
			}},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "The event stream does not exist."),
	}
	// Redelivery describes which deliveries are asked for again.
	Redelivery = &Kind{Fields: Fields{
		"date_from": text, "date_to": text, "statuses": {Type: Array, Item: &Field{Type: String, Enum: []string{"failed"}}}, "event_types": texts,
	}}
	// EventDeliveryMissing answers for an id of a delivery that is none.
	EventDeliveryMissing = missing("", "The event delivery does not exist.")
)

// sink describes where a stream leads by the members that it has to have.
func sink(required ...string) *Kind {
	fields := Fields{}
	for _, name := range required {
		field := sinkMembers[name]
		field.Required = true
		fields[name] = field
	}
	return sinkOf(fields)
}

func sinkOf(fields Fields) *Kind {
	return &Kind{Open: true, Fields: Fields{"sink": {Type: Object, Open: true, Fields: fields}}}
}

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
