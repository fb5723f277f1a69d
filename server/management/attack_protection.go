package management

import "github.com/tenant0/tenant0/server/resource"

// attackProtection serves the settings of attack protection, Auth0:
// api/management/v2/attack-protection.
//
//auth0:operation GET /api/v2/attack-protection/bot-detection
//auth0:operation PATCH /api/v2/attack-protection/bot-detection
//auth0:operation GET /api/v2/attack-protection/breached-password-detection
//auth0:operation PATCH /api/v2/attack-protection/breached-password-detection
//auth0:operation GET /api/v2/attack-protection/brute-force-protection
//auth0:operation PATCH /api/v2/attack-protection/brute-force-protection
//auth0:operation GET /api/v2/attack-protection/captcha
//auth0:operation PATCH /api/v2/attack-protection/captcha
//auth0:operation GET /api/v2/attack-protection/phone-provider-protection
//auth0:operation PATCH /api/v2/attack-protection/phone-provider-protection
//auth0:operation GET /api/v2/attack-protection/suspicious-ip-throttling
//auth0:operation PATCH /api/v2/attack-protection/suspicious-ip-throttling
func attackProtection() []singleton {
	var all []singleton
	for _, kind := range []*resource.Kind{
		resource.BotDetection, resource.BreachedPasswordDetection, resource.BruteForceProtection, resource.Captcha,
		resource.PhoneProviderProtection, resource.SuspiciousIPThrottling,
	} {
		all = append(all, singleton{kind: kind, path: "/" + kind.Name, verbs: "get patch", scope: "attack_protection", hides: true})
	}
	return all
}
