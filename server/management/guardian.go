package management

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// guardianSettings lists the settings of MFA factors, Auth0: api/management/v2/guardian,
// by the part of their path after /guardian/factors/, with their operations. A response
// shows all members unless hides is set, which omits the secret ones, or show changes the
// document.
var guardianSettings = []struct {
	path, verbs string
	hides       bool
	show        func(c *call, doc storage.Document) storage.Document
}{
	{"phone/message-types", "get put", false, nil},
	{"phone/selected-provider", "get put", false, nil},
	{"phone/settings", "get put", false, nil},
	{"email/settings", "get put", false, nil},
	{"sms/selected-provider", "get put", false, nil},
	{"push-notification/selected-provider", "get put", false, nil},
	{"push-notification/providers/sns", "get put patch", false, showSNS},
	{"push-notification/providers/apns", "get put patch", true, showAPNS},
	{"push-notification/providers/fcm", "put patch", true, nil},
	{"push-notification/providers/fcmv1", "put patch", true, nil},
	{"phone/providers/twilio", "get put", false, nil},
	{"sms/providers/twilio", "get put", false, nil},
	{"phone/templates", "get put", false, nil},
	{"sms/templates", "get put", false, nil},
	{"duo/settings", "get put patch", false, nil},
	{"webauthn-roaming/settings", "get put", false, nil},
	{"webauthn-platform/settings", "get put", false, nil},
}

// showSNS omits the secret when the settings are read; the response to a write shows it.
func showSNS(c *call, doc storage.Document) storage.Document {
	if c.method == http.MethodGet {
		delete(doc, "aws_secret_access_key")
	}
	return doc
}

// showAPNS adds whether there is a certificate when the settings are read.
func showAPNS(c *call, doc storage.Document) storage.Document {
	if c.method == http.MethodGet {
		doc["enabled"] = storage.Text(doc, "p12") != ""
		if _, named := doc["bundle_id"]; !named {
			doc["bundle_id"] = nil
		}
	}
	return doc
}

//auth0:operation GET /api/v2/guardian/factors/phone/message-types
//auth0:operation PUT /api/v2/guardian/factors/phone/message-types
//auth0:operation GET /api/v2/guardian/factors/phone/selected-provider
//auth0:operation PUT /api/v2/guardian/factors/phone/selected-provider
//auth0:operation GET /api/v2/guardian/factors/phone/settings
//auth0:operation PUT /api/v2/guardian/factors/phone/settings
//auth0:operation GET /api/v2/guardian/factors/email/settings
//auth0:operation PUT /api/v2/guardian/factors/email/settings
//auth0:operation GET /api/v2/guardian/settings
//auth0:operation PUT /api/v2/guardian/settings
//auth0:operation GET /api/v2/guardian/factors/sms/selected-provider
//auth0:operation PUT /api/v2/guardian/factors/sms/selected-provider
//auth0:operation GET /api/v2/guardian/factors/push-notification/selected-provider
//auth0:operation PUT /api/v2/guardian/factors/push-notification/selected-provider
//auth0:operation GET /api/v2/guardian/factors/push-notification/providers/sns
//auth0:operation PUT /api/v2/guardian/factors/push-notification/providers/sns
//auth0:operation PATCH /api/v2/guardian/factors/push-notification/providers/sns
//auth0:operation GET /api/v2/guardian/factors/push-notification/providers/apns
//auth0:operation PUT /api/v2/guardian/factors/push-notification/providers/apns
//auth0:operation PATCH /api/v2/guardian/factors/push-notification/providers/apns
//auth0:operation PUT /api/v2/guardian/factors/push-notification/providers/fcm
//auth0:operation PATCH /api/v2/guardian/factors/push-notification/providers/fcm
//auth0:operation PUT /api/v2/guardian/factors/push-notification/providers/fcmv1
//auth0:operation PATCH /api/v2/guardian/factors/push-notification/providers/fcmv1
//auth0:operation GET /api/v2/guardian/factors/phone/providers/twilio
//auth0:operation PUT /api/v2/guardian/factors/phone/providers/twilio
//auth0:operation GET /api/v2/guardian/factors/sms/providers/twilio
//auth0:operation PUT /api/v2/guardian/factors/sms/providers/twilio
//auth0:operation GET /api/v2/guardian/factors/phone/templates
//auth0:operation PUT /api/v2/guardian/factors/phone/templates
//auth0:operation GET /api/v2/guardian/factors/sms/templates
//auth0:operation PUT /api/v2/guardian/factors/sms/templates
//auth0:operation GET /api/v2/guardian/factors/duo/settings
//auth0:operation PUT /api/v2/guardian/factors/duo/settings
//auth0:operation PATCH /api/v2/guardian/factors/duo/settings
//auth0:operation GET /api/v2/guardian/factors/webauthn-roaming/settings
//auth0:operation PUT /api/v2/guardian/factors/webauthn-roaming/settings
//auth0:operation GET /api/v2/guardian/factors/webauthn-platform/settings
//auth0:operation PUT /api/v2/guardian/factors/webauthn-platform/settings
func guardian() []singleton {
	all := []singleton{{kind: resource.GuardianRemember, path: "/guardian/settings", verbs: "get put", scope: "guardian_factors"}}
	for _, g := range guardianSettings {
		all = append(all, singleton{
			kind: resource.GuardianSettings(newName(g.path)), path: "/guardian/factors/" + g.path, verbs: g.verbs, scope: "guardian_factors",
			hides: g.hides, show: g.show,
		})
	}
	return all
}

// newName returns the current path for a deprecated one. Both paths read and write the
// same settings.
func newName(path string) string {
	if rest, ok := strings.CutPrefix(path, "sms/"); ok {
		return "phone/" + rest
	}
	return path
}

func guardianOperations() []operation {
	return []operation{
		{http.MethodGet, "/guardian/factors", []string{"read:guardian_factors"}, listFactors},
		{http.MethodPut, "/guardian/factors/{name}", []string{"update:guardian_factors"}, updateFactor},
		{http.MethodGet, "/guardian/policies", []string{"read:mfa_policies"}, policies},
		{http.MethodPut, "/guardian/policies", []string{"update:mfa_policies"}, updatePolicies},
	}
}

//auth0:operation GET /api/v2/guardian/factors
func listFactors(c *call) error {
	return replyView(c, func(tx *storage.Tx) ([]storage.Document, error) {
		list := make([]storage.Document, len(objects.Factors))
		for i, name := range objects.Factors {
			enabled, err := objects.FactorEnabled(tx, name)
			if err != nil {
				return nil, err
			}
			list[i] = storage.Document{"name": name, "enabled": enabled, "trial_expired": false}
			if kind := objects.SentBy[name]; kind != nil && c.query.Get("include_settings") == "true" {
				if list[i]["settings"], err = objects.Settings(tx, kind, c.now); err != nil {
					return nil, err
				}
			}
		}
		return list, nil
	})
}

//auth0:operation PUT /api/v2/guardian/factors/{name}
func updateFactor(c *call) error {
	name := c.param("name")
	if !slices.Contains(objects.Factors, strings.ToLower(name)) {
		return invalidPath("'No enum match for: " + name + "' on property name")
	}
	if err := c.readAs(resource.Factor, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.SetFactor(ch.Tx, name, c.body)
	})
}

//auth0:operation GET /api/v2/guardian/policies
func policies(c *call) error { return replyView(c, objects.Policies) }

//auth0:operation PUT /api/v2/guardian/policies
func updatePolicies(c *call) error {
	list, err := readList[string](c, notAList)
	if err != nil {
		return err
	}
	for i, p := range list {
		if !slices.Contains([]string{"all-applications", "confidence-score"}, p) {
			return resource.InvalidBody(fmt.Sprintf("Payload validation error: 'No enum match for: %s' on property [%d].", p, i))
		}
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) ([]string, error) { return list, objects.SetPolicies(ch.Tx, list) })
}
