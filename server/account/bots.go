package account

import (
	"context"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// The policies of bot detection, by the operation that they protect, Auth0: secure/attack-protection/bot-detection.
const (
	BotsAtPasswords = "challenge_password_policy"
	BotsAtCodes     = "challenge_passwordless_policy"
	BotsAtResets    = "challenge_password_reset_policy"
)

// Unasked is a captcha that the tenant's settings require and that is not shown: captchas are not emulated.
type Unasked struct{ policy, value string }

// UnaskedAt reads whether a policy of the tenant requires a captcha.
func UnaskedAt(tx *storage.Tx, policy string) (Unasked, error) {
	var set storage.Document
	err := storage.Optional(tx.Documents(resource.BotDetection.Name, "").Read(storage.SettingsKey, &set))
	return Unasked{policy, storage.Text(set, policy)}, err
}

// Note writes to the trace of a request that the captcha was not shown.
func (u Unasked) Note(ctx context.Context) {
	if u.value == "" || u.value == "never" {
		return
	}
	trace.Note(ctx, trace.Step{
		Component: "account", Decision: "bot detection is not emulated: no captcha is shown, though the tenant's " + u.policy + " is " + u.value,
		Setting: u.policy + " of attack-protection/bot-detection",
	})
}
