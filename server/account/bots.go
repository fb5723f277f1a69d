package account

import (
	"context"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// Where a tenant has people prove that they are no robots, Auth0: secure/attack-protection/bot-detection.
const (
	BotsAtPasswords = "challenge_password_policy"
	BotsAtCodes     = "challenge_passwordless_policy"
	BotsAtResets    = "challenge_password_reset_policy"
)

// Unasked is a proof that the tenant wants of people and that nobody is asked for: captchas are not emulated.
type Unasked struct{ policy, value string }

// UnaskedAt reads whether the tenant wants such a proof.
func UnaskedAt(tx *storage.Tx, policy string) (Unasked, error) {
	var set storage.Document
	err := storage.Optional(tx.Documents(resource.BotDetection.Name, "").Read(storage.SettingsKey, &set))
	return Unasked{policy, storage.Text(set, policy)}, err
}

// Note tells the trace of a request that the proof was not asked for.
func (u Unasked) Note(ctx context.Context) {
	if u.value == "" || u.value == "never" {
		return
	}
	trace.Note(ctx, trace.Step{
		Room: "account", Said: "bot detection is not emulated: nobody is asked for a captcha, though the tenant's " + u.policy + " is " + u.value,
		Setting: u.policy + " of attack-protection/bot-detection",
	})
}
