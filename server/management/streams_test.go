package management_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

func TestLogStreamDeliversAndIsCompleted(t *testing.T) {
	c := newClient(t)
	got := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	t.Cleanup(receiver.Close)
	stream := c.must(200, http.MethodPost, "/log-streams", object{
		"name": "mine", "type": "http", "sink": object{"httpEndpoint": receiver.URL, "httpContentType": "application/json", "httpContentFormat": "JSONLINES"},
		"pii_config": object{"log_fields": []string{"email"}},
	})
	pii, _ := stream["pii_config"].(object)
	if stream["status"] != "active" || stream["isPriority"] != false || pii["method"] != "hash" || pii["algorithm"] != "xxhash" {
		t.Errorf("a new stream is %v", stream)
	}
	c.must(200, http.MethodPost, "/roles", object{"name": "seen"})
	ctx, cancel := context.WithTimeout(t.Context(), servertest.Patience)
	defer cancel()
	for {
		select {
		case body := <-got:
			if strings.Contains(body, `"sapi"`) {
				return
			}
		case <-ctx.Done():
			t.Fatal("what was done did not reach the stream")
		}
	}
}

func TestLogStreamSinks(t *testing.T) {
	c := newClient(t)
	path := func(stream object) string { return "/log-streams/" + stream["id"].(string) }
	bridge := c.must(200, http.MethodPost, "/log-streams", object{
		"name": "aws", "type": "eventbridge", "sink": object{"awsAccountId": "999999999999", "awsRegion": "us-west-2"},
	})
	source, _ := bridge["sink"].(object)["awsPartnerEventSource"].(string)
	if !strings.HasPrefix(source, "aws.partner/auth0.com/") {
		t.Errorf("the partner's source is %q", source)
	}
	if renamed := c.must(200, http.MethodPatch, path(bridge), object{"name": "other", "status": "paused"}); renamed["sink"].(object)["awsPartnerEventSource"] != source || renamed["status"] != "paused" {
		t.Errorf("renamed it is %v", renamed)
	}
	mixpanel := c.must(200, http.MethodPost, "/log-streams", object{
		"name": "mix", "type": "mixpanel", "sink": object{"mixpanelRegion": "us", "mixpanelProjectId": "1", "mixpanelServiceAccountUsername": "u", "mixpanelServiceAccountPassword": "hidden"},
	})
	if shown := mixpanel["sink"].(object)["mixpanelServiceAccountPassword"]; shown != "********" {
		t.Errorf("the password is shown as %v", shown)
	}
	refused := c.must(400, http.MethodPost, "/log-streams", object{"type": "datadog", "sink": object{"datadogRegion": "us"}})
	if refused["message"] != "Payload validation error: 'Missing required property: datadogApiKey' on property sink." {
		t.Errorf("a sink without its key gets %v", refused)
	}
	c.must(400, http.MethodPatch, path(bridge), object{"type": "http"})
	c.must(204, http.MethodDelete, path(bridge), nil)
	c.must(404, http.MethodGet, path(bridge), nil)
}

func TestEventStreams(t *testing.T) {
	c := newClient(t)
	stream := c.must(201, http.MethodPost, "/event-streams", object{
		"name": "hook", "subscriptions": []object{{"event_type": "user.created"}}, "destination": object{"type": "webhook", "configuration": object{
			"webhook_endpoint": "https://example.com/", "webhook_authorization": object{"method": "bearer", "token": "hidden"},
		}},
	})
	configuration := stream["destination"].(object)["configuration"].(object)
	if authorization := configuration["webhook_authorization"].(object); len(authorization) != 1 || stream["status"] != "enabled" {
		t.Errorf("a new stream is %v", stream)
	}
	path := "/event-streams/" + stream["id"].(string)
	if list := c.must(200, http.MethodGet, "/event-streams?take=50", nil)["eventStreams"].([]any); len(list) != 1 {
		t.Errorf("the streams are %v", list)
	}
	if deliveries := c.must(200, http.MethodGet, path+"/deliveries", nil); len(deliveries["deliveries"].([]any)) != 0 {
		t.Errorf("the deliveries are %v", deliveries)
	}
	c.must(404, http.MethodPost, path+"/redeliver/evt_1", nil)
	c.must(202, http.MethodPost, path+"/redeliver", object{"statuses": []string{"failed"}})
	refused := c.must(400, http.MethodGet, "/event-streams/est_invalid_id", nil)
	if refused["errorCode"] != "invalid_uri" || !strings.Contains(refused["message"].(string), "format event-stream-id: est_invalid_id") {
		t.Errorf("an id of another form gets %v", refused)
	}
}
