package management_test

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// theme returns a complete theme with one member of one part replaced.
func theme(part, name string, value any) object {
	made := servertest.Theme()
	if part != "" {
		made[part].(object)[name] = value
	}
	return made
}

// TestBodiesOfBranding: Auth0: api/management/v2/branding/update-branding and post-branding-theme.
func TestBodiesOfBranding(t *testing.T) {
	c := newClient(t)
	patch := func(body object, refusal string) sent { return sent{http.MethodPatch, "/branding", body, refusal} }
	post := func(body object, refusal string) sent {
		return sent{http.MethodPost, "/branding/themes", body, refusal}
	}
	named := theme("", "", nil)
	named["displayName"] = "<b>"
	c.sendAll([]sent{
		patch(object{}, "'Too few properties defined (0), minimum 1'."),
		patch(object{"colors": object{"primary": "#0059d6", "page_background": object{"type": "linear-gradient", "start": "#fff", "end": "#000", "angle_deg": 35}}}, ""),
		patch(object{"colors": object{"primary": "blue"}}, "'Object didn't pass validation for format html-color: blue' on property colors.primary."),
		patch(object{"colors": object{}}, "'Too few properties defined (0), minimum 1' on property colors."),
		patch(object{"logo_url": "https://exampleco.com/logo.png", "favicon_url": nil, "font": object{"url": nil}}, ""),
		patch(object{"logo_url": "http://exampleco.com/logo.png"}, "'Object didn't pass validation for format strict-https-uri: http://exampleco.com/logo.png' on property logo_url."),
		patch(object{"novelty": 1}, "'Additional properties not allowed: novelty'."),
		post(theme("", "", nil), ""),
		post(theme("borders", "button_border_radius", 0), "'Value 0 is less than minimum 1' on property borders.button_border_radius."),
		post(theme("borders", "input_border_weight", 4), "'Value 4 is greater than maximum 3' on property borders.input_border_weight."),
		post(theme("borders", "buttons_style", "round"), "'No enum match for: round' on property borders.buttons_style."),
		post(theme("colors", "error", "red"), "'String does not match pattern ^#(([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2})$: red' on property colors.error."),
		post(theme("colors", "base_focus_color", "#12345678"), ""),
		post(theme("colors", "captcha_widget_theme", ""), ""),
		post(theme("colors", "captcha_widget_theme", "blue"), "'No enum match for: blue' on property colors.captcha_widget_theme."),
		post(theme("fonts", "title", object{"bold": true, "size": 74}), "'Value 74 is less than minimum 75' on property fonts.title.size."),
		post(theme("fonts", "subtitle", object{"bold": true, "size": 151}), "'Value 151 is greater than maximum 150' on property fonts.subtitle.size."),
		post(theme("fonts", "reference_text_size", 25), "'Value 25 is greater than maximum 24' on property fonts.reference_text_size."),
		post(theme("fonts", "font_url", "http://exampleco.com/f.woff"), "'Object didn't pass validation for format absolute-https-uri-or-empty: http://exampleco.com/f.woff' on property fonts.font_url."),
		post(theme("widget", "logo_height", 101), "'Value 101 is greater than maximum 100' on property widget.logo_height."),
		post(named, "'String does not match pattern ^[^<>]*$: <b>' on property displayName."),
		post(object{"borders": object{}}, "'Missing required property: colors'."),
	})
}

// TestBodiesOfTenantSettings: Auth0: api/management/v2/tenants/patch-settings.
func TestBodiesOfTenantSettings(t *testing.T) {
	c := newClient(t)
	patch := func(body object, refusal string) sent {
		return sent{http.MethodPatch, "/tenants/settings", body, refusal}
	}
	c.sendAll([]sent{
		patch(object{}, "'Too few properties defined (0), minimum 1'."),
		patch(object{"picture_url": "", "support_url": "https://exampleco.com/", "support_email": ""}, ""),
		patch(object{"picture_url": "logo.png"}, "'Object didn't pass validation for format absolute-uri-or-empty: logo.png' on property picture_url."),
		patch(object{"support_email": "nobody"}, "'Object didn't pass validation for format email-or-empty: nobody' on property support_email."),
		patch(object{"sandbox_version": "22"}, ""),
		patch(object{"sandbox_version": letters(9)}, "'String is too long (9 chars), maximum 8' on property sandbox_version."),
		patch(object{"session_cookie": object{"mode": "non-persistent"}}, ""),
		patch(object{"session_cookie": object{"mode": "forever"}}, "'No enum match for: forever' on property session_cookie.mode."),
		patch(object{"session_cookie": object{}}, "'Missing required property: mode' on property session_cookie."),
		patch(object{"session_cookie": nil, "sessions": object{"oidc_logout_prompt_enabled": false}, "mtls": object{"enable_endpoint_aliases": true}}, ""),
		patch(object{"device_flow": object{"charset": "digits", "mask": letters(20)}}, ""),
		patch(object{"device_flow": object{"mask": letters(21)}}, "'String is too long (21 chars), maximum 20' on property device_flow.mask."),
		patch(object{"device_flow": object{"charset": "base32"}}, "'No enum match for: base32' on property device_flow.charset."),
		patch(object{"default_redirection_uri": "http://exampleco.com/"}, "'Object didn't pass validation for format absolute-https-uri-or-empty: http://exampleco.com/' on property default_redirection_uri."),
		patch(object{"default_token_quota": object{"clients": object{"client_credentials": object{"per_day": 1}}}}, ""),
		patch(object{"default_token_quota": object{}}, "'Too few properties defined (0), minimum 1' on property default_token_quota."),
		patch(object{"customize_mfa_in_postlogin_action": "yes"}, "'Expected type boolean but found type string' on property customize_mfa_in_postlogin_action."),
		patch(object{"universal_login": object{"colors": object{"primary": "#F8F8F2"}}}, ""), // in no documentation, and taken
	})
}

// TestBodiesOfProtection: Auth0: api/management/v2/attack-protection, guardian and network-acls.
func TestBodiesOfProtection(t *testing.T) {
	c := newClient(t)
	throttling := func(stage, name string, value any, refusal string) sent {
		return sent{http.MethodPatch, "/attack-protection/suspicious-ip-throttling", object{"stage": object{stage: object{name: value}}}, refusal}
	}
	brute := func(body object, refusal string) sent {
		return sent{http.MethodPatch, "/attack-protection/brute-force-protection", body, refusal}
	}
	factor := func(path string, body object, refusal string) sent {
		return sent{http.MethodPut, "/guardian/factors/" + path, body, refusal}
	}
	acl := func(priority int, name string, values []any, refusal string) sent {
		return sent{http.MethodPost, "/network-acls", object{"description": "d", "active": true, "priority": priority, "rule": object{
			"action": object{"block": true}, "scope": "tenant", "match": object{name: values},
		}}, refusal}
	}
	captcha := func(provider string, settings object, refusal string) sent {
		return sent{http.MethodPatch, "/attack-protection/captcha", object{provider: settings}, refusal}
	}
	breached := func(stage string, body object, refusal string) sent {
		return sent{http.MethodPatch, "/attack-protection/breached-password-detection", object{"stage": object{stage: body}}, refusal}
	}
	c.sendAll([]sent{
		captcha("recaptcha_v2", object{"site_key": letters(100), "secret": letters(100)}, ""),
		captcha("recaptcha_v2", object{"site_key": letters(101), "secret": "s"}, "'String is too long (101 chars), maximum 100' on property recaptcha_v2.site_key."),
		captcha("hcaptcha", object{"site_key": "k"}, "'Missing required property: secret' on property hcaptcha."),
		captcha("friendly_captcha", object{"secret": "s"}, "'Missing required property: site_key' on property friendly_captcha."),
		captcha("recaptcha_enterprise", object{"site_key": "k", "api_key": "a", "project_id": "p"}, ""),
		captcha("recaptcha_enterprise", object{"site_key": "k", "secret": "a", "project_id": "p"}, "'Additional properties not allowed: secret' on property recaptcha_enterprise."),
		captcha("arkose", object{"site_key": "k", "secret": "s", "client_subdomain": "c", "verify_subdomain": "v", "fail_open": true}, ""),
		captcha("arkose", object{"site_key": "k"}, "'Missing required property: secret' on property arkose."),
		captcha("auth_challenge", object{}, "'Missing required property: fail_open' on property auth_challenge."),
		captcha("simple_captcha", object{}, ""),
		captcha("novelty", object{}, "'Additional properties not allowed: novelty'."),
		breached("pre-change-password", object{"shields": []any{"block", "admin_notification"}}, ""),
		breached("pre-change-password", object{"shields": []any{"user_notification"}}, "'No enum match for: user_notification' on property stage.pre-change-password.shields[0]."),
		breached("pre-user-registration", object{"novelty": 1}, "'Additional properties not allowed: novelty' on property stage.pre-user-registration."),
		breached("pre-login", object{}, "'Additional properties not allowed: pre-login' on property stage."),
		throttling("pre-login", "max_attempts", 2500, ""),
		throttling("pre-login", "max_attempts", 2501, "'Value 2501 is greater than maximum 2500' on property stage.pre-login.max_attempts."),
		throttling("pre-login", "rate", 34560, ""),
		throttling("pre-login", "rate", 34559, "'Value 34559 is less than minimum 34560' on property stage.pre-login.rate."),
		throttling("pre-user-registration", "max_attempts", 72000, ""),
		throttling("pre-user-registration", "max_attempts", 72001, "'Value 72001 is greater than maximum 72000' on property stage.pre-user-registration.max_attempts."),
		throttling("pre-user-registration", "rate", 86400000, ""),
		throttling("pre-user-registration", "rate", 86400001, "'Value 86400001 is greater than maximum 86400000' on property stage.pre-user-registration.rate."),
		brute(object{"allowlist": []any{"127.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"}}, ""),
		brute(object{"allowlist": []any{"localhost"}}, "'Data does not match any schemas from 'anyOf'' on property allowlist[0]."),
		brute(object{"novelty": 1}, "'Additional properties not allowed: novelty'."),
		factor("duo/settings", object{"host": letters(10000)}, ""),
		factor("duo/settings", object{"host": letters(10001)}, "'String is too long (10001 chars), maximum 10000' on property host."),
		factor("phone/providers/twilio", object{"from": letters(64), "sid": letters(1000)}, ""),
		factor("phone/providers/twilio", object{"from": letters(65)}, "'String is too long (65 chars), maximum 64' on property from."),
		factor("phone/providers/twilio", object{"sid": ""}, "'String is too short (0 chars), minimum 1' on property sid."),
		factor("push-notification/providers/sns", object{"aws_region": "eu-central-1"}, ""),
		factor("push-notification/providers/fcm", object{"server_key": letters(153)}, "'String is too long (153 chars), maximum 152' on property server_key."),
		factor("push-notification/providers/apns", object{"novelty": 1}, "'Additional properties not allowed: novelty'."),
		acl(100, "ipv4_cidrs", []any{"10.0.0.1", "10.0.0.0/8"}, ""),
		acl(101, "ipv4_cidrs", []any{"10.0.0.1"}, "'Value 101 is greater than maximum 100' on property priority."),
		{http.MethodPost, "/network-acls", object{"description": "d", "active": true, "rule": object{"action": object{"block": false}, "scope": "tenant"}}, "'No enum match for: false' on property rule.action.block."},
		{http.MethodPost, "/network-acls", object{"description": "d", "active": true, "rule": object{"action": object{"novelty": true}, "scope": "tenant"}}, "'Additional properties not allowed: novelty' on property rule.action."},
		acl(1, "novelty", []any{"x"}, "'Additional properties not allowed: novelty' on property rule.match."),
		acl(1, "ipv4_cidrs", []any{"::1"}, "'Data does not match any schemas from 'oneOf'' on property rule.match.ipv4_cidrs[0]."),
		acl(2, "ipv6_cidrs", []any{"2001:db8::/32", "::1"}, ""),
		acl(3, "hostnames", []any{"-"}, "'Object didn't pass validation for format hostname: -' on property rule.match.hostnames[0]."),
	})
}

// TestBodiesOfRenderings: Auth0: api/management/v2/prompts/patch-rendering and patch-bulk-rendering.
func TestBodiesOfRenderings(t *testing.T) {
	c := newClient(t)
	screen := func(body object, refusal string) sent {
		return sent{http.MethodPatch, "/prompts/login-id/screen/login-id/rendering", body, refusal}
	}
	bulk := func(body object, refusal string) sent {
		return sent{http.MethodPatch, "/prompts/rendering", object{"configs": []any{body}}, refusal}
	}
	filter := func(name string, value any) object { return object{"filters": object{name: value}} }
	const noSchema = "'Data does not match any schemas from 'oneOf'' on property "
	c.sendAll([]sent{
		screen(object{}, ""),
		screen(object{"rendering_mode": "advanced", "head_tags": []any{object{"tag": "script", "attributes": object{"src": "https://a.test/a.js", "async": true}}}}, ""),
		screen(object{"rendering_mode": "novel"}, "'No enum match for: novel' on property rendering_mode."),
		screen(object{"context_configuration": []any{"screen.texts", "client.metadata.tier", "untrusted_data.authorization_params.ext-tier", "experiment"}}, ""),
		screen(object{"context_configuration": nil, "head_tags": nil, "filters": nil, "use_page_template": nil}, ""),
		screen(object{"context_configuration": []any{"client.secret"}}, noSchema+"context_configuration[0]."),
		screen(object{"context_configuration": []any{"client.metadata.a.b"}}, noSchema+"context_configuration[0]."),
		screen(object{"novelty": 1}, "'Additional properties not allowed: novelty'."),
		screen(filter("match_type", "includes_any"), ""),
		screen(filter("match_type", "includes_all"), "'No enum match for: includes_all' on property filters.match_type."),
		screen(filter("clients", []any{object{"id": "c1"}, object{"metadata": object{"tier": "gold"}}}), ""),
		screen(filter("organizations", []any{object{"metadata": object{"a": "1", "b": "2"}}}), noSchema+"filters.organizations[0]."),
		screen(filter("domains", []any{object{"name": "a.test"}}), noSchema+"filters.domains[0]."),
		bulk(object{"prompt": "signup", "screen": "signup", "rendering_mode": "standard"}, ""),
		bulk(object{"prompt": "consent", "screen": "consent-tenant-scopes"}, ""),
		bulk(object{"prompt": "novel", "screen": "signup"}, "'No enum match for: novel' on property configs[0].prompt."),
		bulk(object{"prompt": "signup", "screen": "novel"}, "'No enum match for: novel' on property configs[0].screen."),
		bulk(object{"prompt": "signup"}, "'Missing required property: screen' on property configs[0]."),
	})
}

// TestBodiesOfConnectionOptions: Auth0: api/management/v2/connections/post-connections, the options of every strategy.
func TestBodiesOfConnectionOptions(t *testing.T) {
	c := newClient(t)
	c.must(http.StatusCreated, http.MethodPost, "/connections", object{"name": "options", "strategy": "auth0"})
	id := c.must(http.StatusOK, http.MethodGet, "/connections?name=options&take=1", nil)["connections"].([]any)[0].(object)["id"].(string)
	option := func(name string, value any, refusal string) sent {
		return sent{http.MethodPatch, "/connections/" + id, object{"options": object{name: value}}, refusal}
	}
	const noWay = "'Data does not match any schemas from 'oneOf'' on property options.upstream_params.screen."
	c.sendAll([]sent{
		option("passwordPolicy", "excellent", ""),
		option("passwordPolicy", nil, ""),
		option("passwordPolicy", "novel", "'No enum match for: novel' on property options.passwordPolicy."),
		option("set_user_root_attributes", "never_on_login", ""),
		option("set_user_root_attributes", "novel", "'No enum match for: novel' on property options.set_user_root_attributes."),
		option("dpop_signing_alg", "ES256", ""),
		option("dpop_signing_alg", "none", "'No enum match for: none' on property options.dpop_signing_alg."),
		option("oidc_metadata", object{"issuer": "https://idp.test/", "scopes_supported": []any{"openid"}, "claims_parameter_supported": true, "of_its_own": 1}, ""),
		option("oidc_metadata", "https://idp.test/", "'Expected type object but found type string' on property options.oidc_metadata."),
		option("oidc_metadata", object{"jwks_uri": 7}, "'Expected type string but found type integer' on property options.oidc_metadata.jwks_uri."),
		option("oidc_metadata", object{"claims_supported": "sub"}, "'Expected type array but found type string' on property options.oidc_metadata.claims_supported."),
		option("oidc_metadata", object{"request_parameter_supported": "no"}, "'Expected type boolean but found type string' on property options.oidc_metadata.request_parameter_supported."),
		option("enable_pushed_authorization_requests", "no", "'Expected type boolean but found type string' on property options.enable_pushed_authorization_requests."),
		{http.MethodPatch, "/attack-protection/phone-provider-protection", object{"type": "exponential"}, ""},
		{http.MethodPatch, "/attack-protection/phone-provider-protection", object{"type": "novel"}, "'No enum match for: novel' on property type."},
		{http.MethodPost, "/tickets/email-verification", object{"user_id": "auth0|x", "identity": object{"user_id": "x", "provider": "novel"}}, "'No enum match for: novel' on property identity.provider."},
		{http.MethodPost, "/tickets/password-change", object{"user_id": "auth0|x", "identity": object{"user_id": "x", "provider": "github"}}, "'No enum match for: github' on property identity.provider."},
		option("import_mode", "yes", "'Expected type boolean but found type string' on property options.import_mode."),
		option("precedence", []any{"email", "username"}, "'Array is too short (2), minimum 3' on property options.precedence."),
		option("precedence", []any{"email", "username", "novel"}, "'No enum match for: novel' on property options.precedence[2]."),
		option("configuration", object{"KEY": "value", "NONE": nil}, ""),
		option("configuration", object{"KEY": 7}, "'Expected type string but found type integer' on property options.configuration.KEY."),
		option("novelty", object{"of": "a strategy"}, ""),
		option("password_history", object{"enable": true, "size": 24}, ""),
		option("password_history", object{"enable": true, "size": 25}, "'Value 25 is greater than maximum 24' on property options.password_history.size."),
		option("password_history", object{"size": 2}, "'Missing required property: enable' on property options.password_history."),
		option("password_dictionary", object{"enable": true, "dictionary": []any{letters(50)}}, ""),
		option("password_dictionary", object{"enable": true, "dictionary": []any{letters(51)}}, "'String is too long (51 chars), maximum 50' on property options.password_dictionary.dictionary[0]."),
		option("password_no_personal_info", object{"enable": true, "novelty": 1}, "'Additional properties not allowed: novelty' on property options.password_no_personal_info."),
		option("password_options", object{"complexity": object{"character_types": []any{"special"}, "identical_characters": "block"}}, ""),
		option("password_options", object{"complexity": object{"character_types": []any{"emoji"}}}, "'No enum match for: emoji' on property options.password_options.complexity.character_types[0]."),
		option("password_options", object{"history": object{"size": 0}}, "'Value 0 is less than minimum 1' on property options.password_options.history.size."),
		option("passkey_options", object{"challenge_ui": "autofill"}, ""),
		option("passkey_options", object{"challenge_ui": "novel"}, "'No enum match for: novel' on property options.passkey_options.challenge_ui."),
		option("authentication_methods", object{"password": object{"enabled": true, "signup_behavior": "block"}}, ""),
		option("authentication_methods", object{"magic": object{"enabled": true}}, "'Additional properties not allowed: magic' on property options.authentication_methods."),
		option("upstream_params", object{"screen": object{"alias": "login_hint"}, "prompt": object{"value": "login"}}, ""),
		option("upstream_params", object{"screen": object{"alias": "novel"}}, noWay),
		option("upstream_params", object{"screen": object{"alias": "prompt", "value": "login"}}, noWay),
		option("token_endpoint_auth_method", "private_key_jwt", ""),
		option("token_endpoint_auth_method", "client_secret_basic", "'No enum match for: client_secret_basic' on property options.token_endpoint_auth_method."),
		option("token_endpoint_auth_signing_alg", "HS256", "'No enum match for: HS256' on property options.token_endpoint_auth_signing_alg."),
		option("id_token_signed_response_algs", []any{"RS256", "ES384"}, ""),
		{http.MethodPatch, "/connections/" + id, object{"realms": []any{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}}, "'Array is too long (11), maximum 10' on property realms."},
		{http.MethodPost, "/connection-profiles", object{"name": "p", "strategy_overrides": object{"okta": object{"enabled_features": []any{"scim"}}}}, ""},
		{http.MethodPost, "/connection-profiles", object{"name": "p", "strategy_overrides": object{"auth0": object{}}}, "'Additional properties not allowed: auth0' on property strategy_overrides."},
		{http.MethodPost, "/connection-profiles", object{"name": "p", "strategy_overrides": object{"okta": object{"enabled_features": []any{"novel"}}}}, "'No enum match for: novel' on property strategy_overrides.okta.enabled_features[0]."},
		{http.MethodPost, "/connection-profiles", object{"name": "p", "novelty": 1}, "'Additional properties not allowed: novelty'."},
		{http.MethodPost, "/connection-profiles", object{"name": "p", "organization": object{"novelty": 1}}, "'Additional properties not allowed: novelty' on property organization."},
	})
}

// TestBodiesOfEventStreams: Auth0: api/management/v2/event-streams/post-event-streams.
func TestBodiesOfEventStreams(t *testing.T) {
	c := newClient(t)
	stream := func(kind string, configuration object, refusal string) sent {
		return sent{http.MethodPost, "/event-streams", object{"destination": object{"type": kind, "configuration": configuration}}, refusal}
	}
	hook := func(authorization object, refusal string) sent {
		return stream("webhook", object{"webhook_endpoint": "https://a.test/", "webhook_authorization": authorization}, refusal)
	}
	const at = " on property destination.configuration"
	bearer := object{"method": "bearer", "token": "t"}
	c.sendAll([]sent{
		hook(bearer, ""),
		hook(object{"method": "basic", "username": "u", "password": "p"}, ""),
		hook(object{"method": "custom_header", "header_key": "X-Key", "header_value": "v"}, ""),
		hook(object{"method": "bearer"}, ""), // as Auth0's SDK for Go sends it
		hook(object{"method": "basic", "username": "u"}, ""),
		hook(object{"method": "basic", "password": 1}, "'Expected type string but found type integer'"+at+".webhook_authorization.password."),
		hook(object{"method": "novel"}, "'No enum match for: novel'"+at+".webhook_authorization.method."),
		stream("webhook", object{"webhook_endpoint": "http://127.0.0.1:3000/hook", "webhook_authorization": bearer}, ""),
		stream("webhook", object{"webhook_endpoint": "not a url", "webhook_authorization": bearer}, "'Object didn't pass validation for format absolute-http-url: not a url'"+at+".webhook_endpoint."),
		stream("webhook", object{"webhook_endpoint": "ftp://a.test/", "webhook_authorization": bearer}, "'Object didn't pass validation for format absolute-http-url: ftp://a.test/'"+at+".webhook_endpoint."),
		stream("webhook", object{"webhook_endpoint": "https://a.test/"}, "'Missing required property: webhook_authorization'"+at+"."),
		stream("webhook", object{"webhook_endpoint": "https://a.test/", "webhook_authorization": bearer, "novelty": 1}, "'Additional properties not allowed: novelty'"+at+"."),
		stream("eventbridge", object{"aws_account_id": "123456789012", "aws_region": "us-east-1"}, ""),
		stream("eventbridge", object{"aws_account_id": "12345", "aws_region": "us-east-1"}, `'String does not match pattern ^\d{12}$: 12345'`+at+".aws_account_id."),
		stream("eventbridge", object{"aws_account_id": "123456789012", "aws_region": "moon-1"}, "'No enum match for: moon-1'"+at+".aws_region."),
		stream("action", object{}, "'Missing required property: action_id'"+at+"."),
		{http.MethodPost, "/event-streams", object{
			"subscriptions": []any{object{"event_type": "user.novel"}}, "destination": object{"type": "action", "configuration": object{"action_id": "a"}},
		}, "'No enum match for: user.novel' on property subscriptions[0].event_type."},
	})
}

// TestBodiesOfStreamsAndDomains: Auth0: api/management/v2/log-streams/post-log-streams and custom-domains/post-custom-domains.
func TestBodiesOfStreamsAndDomains(t *testing.T) {
	c := newClient(t)
	stream := func(kind string, sink object, refusal string) sent {
		return sent{http.MethodPost, "/log-streams", object{"name": letters(9), "type": kind, "sink": sink}, refusal}
	}
	domain := func(name string, more object, refusal string) sent {
		more["domain"], more["type"] = name, "self_managed_certs"
		return sent{http.MethodPost, "/custom-domains", more, refusal}
	}
	c.sendAll([]sent{
		stream("eventbridge", object{"awsAccountId": "999999999999", "awsRegion": "eu-west-1"}, ""),
		stream("eventbridge", object{"awsAccountId": "99999999999", "awsRegion": "eu-west-1"}, `'String does not match pattern ^\d{12}$: 99999999999' on property sink.awsAccountId.`),
		stream("eventbridge", object{"awsAccountId": "999999999999", "awsRegion": "moon-1"}, "'No enum match for: moon-1' on property sink.awsRegion."),
		stream("datadog", object{"datadogApiKey": "k", "datadogRegion": "us5"}, ""),
		stream("datadog", object{"datadogApiKey": "k", "datadogRegion": "us4"}, "'No enum match for: us4' on property sink.datadogRegion."),
		stream("splunk", object{"splunkDomain": "d", "splunkPort": "8088", "splunkToken": "t"}, "'Missing required property: splunkSecure' on property sink."),
		stream("splunk", object{"splunkDomain": "d", "splunkPort": "http", "splunkToken": "t", "splunkSecure": true}, "'String does not match pattern ^[0-9]*$: http' on property sink.splunkPort."),
		stream("mixpanel", object{"mixpanelRegion": "us", "mixpanelProjectId": "p1", "mixpanelServiceAccountUsername": "u", "mixpanelServiceAccountPassword": "p"}, `'String does not match pattern ^\d+$: p1' on property sink.mixpanelProjectId.`),
		stream("segment", object{"segmentWriteKey": "k", "splunkToken": "t"}, "'Additional properties not allowed: splunkToken' on property sink."),
		stream("http", object{"httpEndpoint": "https://siem.test/", "httpContentFormat": "XML"}, "'No enum match for: XML' on property sink.httpContentFormat."),
		{http.MethodPost, "/log-streams", object{"type": "sumo", "sink": object{"sumoSourceAddress": "a"}, "filters": []object{{"type": "category", "name": "actions"}}}, ""},
		{http.MethodPost, "/log-streams", object{"type": "sumo", "sink": object{"sumoSourceAddress": "a"}, "filters": []object{{"type": "category", "name": "novelty"}}}, "'No enum match for: novelty' on property filters[0].name."},
		{http.MethodPost, "/log-streams", object{"type": "sumo", "sink": object{"sumoSourceAddress": "a"}, "pii_config": object{"log_fields": []any{}}}, "'Array is too short (0), minimum 1' on property pii_config.log_fields."},
		domain("login.exampleco.com", object{"relying_party_identifier": "exampleco.com", "custom_client_ip_header": "cf-connecting-ip"}, ""),
		domain("two.exampleco.com", object{"custom_client_ip_header": "x-real-ip"}, "'No enum match for: x-real-ip' on property custom_client_ip_header."),
		domain("three.exampleco.com", object{"tls_policy": "compatible"}, "'No enum match for: compatible' on property tls_policy."),
		domain("four.exampleco.com", object{"relying_party_identifier": "a b"}, "'Object didn't pass validation for format hostname: a b' on property relying_party_identifier."),
		domain("three.exampleco.com", object{"tls_policy": "recommended"}, "The 'tls_policy' cannot be set on self_managed domains"),
		domain("four.exampleco.com", object{"relying_party_identifier": "other.com"}, "The 'relying_party_identifier' must be equal to or a registrable domain suffix of the domain."),
		domain("four.exampleco.com", object{"relying_party_identifier": "com"}, "The 'relying_party_identifier' must be equal to or a registrable domain suffix of the domain."),
		domain("four.exampleco.com", object{"relying_party_identifier": "four.exampleco.com"}, ""),
		{http.MethodPost, "/custom-domains", object{"domain": "six.exampleco.com", "type": "auth0_managed_certs", "custom_client_ip_header": "true-client-ip"}, "The 'custom_client_ip_header' cannot be set on auth0_managed domains"},
		{http.MethodPost, "/custom-domains", object{"domain": "six.exampleco.com", "type": "auth0_managed_certs", "tls_policy": "recommended", "custom_client_ip_header": nil}, ""},
		domain("five.exampleco.com", object{"novelty": 1}, "'Additional properties not allowed: novelty'."),
	})
}

// TestBodiesOfOrganizationsAndProfiles: Auth0: api/management/v2/organizations/post-organizations, self-service-profiles,
// user-attribute-profiles, token-exchange-profiles, rules and actions/modules.
func TestBodiesOfOrganizationsAndProfiles(t *testing.T) {
	c := newClient(t)
	organization := func(name string, branding object, refusal string) sent {
		return sent{http.MethodPost, "/organizations", object{"name": name, "branding": branding}, refusal}
	}
	profile := func(body object, refusal string) sent {
		body["name"] = "profile"
		return sent{http.MethodPost, "/self-service-profiles", body, refusal}
	}
	attribute := func(name string, value any, refusal string) sent {
		email := object{"label": "Email", "description": "d", "profile_required": true, "auth0_mapping": "email"}
		email[name] = value
		return sent{http.MethodPost, "/user-attribute-profiles", object{"name": "p", "user_attributes": object{"email": email}}, refusal}
	}
	c.sendAll([]sent{
		organization("one", object{"logo_url": "https://exampleco.com/l.png", "colors": object{"primary": "#fff", "page_background": "#000000"}}, ""),
		organization("two", object{"logo_url": "http://exampleco.com/l.png"}, "'Object didn't pass validation for format strict-https-uri: http://exampleco.com/l.png' on property branding.logo_url."),
		organization("three", object{"colors": object{"primary": "white", "page_background": "#000000"}}, "'Object didn't pass validation for format html-color: white' on property branding.colors.primary."),
		{http.MethodPost, "/organizations", object{"name": "four", "novelty": 1}, "'Additional properties not allowed: novelty'."},
		profile(object{"description": letters(140), "branding": object{"colors": object{"primary": "#123"}}}, ""),
		profile(object{"description": ""}, "'String is too short (0 chars), minimum 1' on property description."),
		profile(object{"allowed_strategies": []any{}}, "'Array is too short (0), minimum 1' on property allowed_strategies."),
		profile(object{"branding": object{"logo_url": "http://exampleco.com/"}}, "'String does not match pattern ^https://: http://exampleco.com/' on property branding.logo_url."),
		profile(object{"user_attributes": []object{{"name": letters(251), "description": "d", "is_optional": true}}}, "'String is too long (251 chars), maximum 250' on property user_attributes[0].name."),
		attribute("saml_mapping", []any{letters(128)}, ""),
		attribute("saml_mapping", []any{}, "'Array is too short (0), minimum 1' on property user_attributes.email.saml_mapping."),
		attribute("auth0_mapping", letters(51), "'String is too long (51 chars), maximum 50' on property user_attributes.email.auth0_mapping."),
		attribute("strategy_overrides", object{"okta": object{"scim_mapping": "emails"}}, ""),
		attribute("strategy_overrides", object{"github": object{}}, "'Additional properties not allowed: github' on property user_attributes.email.strategy_overrides."),
		{http.MethodPost, "/user-attribute-profiles", object{"name": "p", "user_id": object{"oidc_mapping": "email"}, "user_attributes": object{"a": object{}}}, "'Missing required property: auth0_mapping' on property user_attributes.a."},
		{http.MethodPost, "/token-exchange-profiles", object{"name": "abc", "type": "custom_authentication", "subject_token_type": "urn:acme:a", "action_id": letters(37)}, "'String is too long (37 chars), maximum 36' on property action_id."},
		{http.MethodPost, "/rules", object{"name": "My rule-1", "script": "x", "order": 1.5}, ""},
		{http.MethodPost, "/rules", object{"name": "my_rule", "script": "x"}, `'String does not match pattern ^[a-zA-Z0-9]([ \-a-zA-Z0-9]*[a-zA-Z0-9])?$: my_rule' on property name.`},
		{http.MethodPost, "/actions/modules", object{"name": letters(255), "code": letters(65536)}, ""},
		{http.MethodPost, "/actions/modules", object{"name": letters(256), "code": "x"}, "'String is too long (256 chars), maximum 255' on property name."},
		{http.MethodPost, "/actions/modules", object{"name": "long", "code": letters(65537)}, "'String is too long (65537 chars), maximum 65536' on property code."},
	})
}

// TestIdentifierFirstInAnswers: as at Auth0, the answer to a change of the tenant's settings tells whether
// prompts ask for the identifier first, and the answer to a read does not.
func TestIdentifierFirstInAnswers(t *testing.T) {
	c := newClient(t)
	colors := object{"colors": object{"primary": "#000000"}}
	for _, tt := range []struct {
		name   string
		first  bool
		change object
		want   any
	}{
		{"not asked for first", false, object{"friendly_name": "Ours"}, nil},
		{"asked for first", true, object{"friendly_name": "Ours"}, object{"identifier_first": true}},
		{"with colors", true, object{"universal_login": colors}, object{"identifier_first": true, "colors": colors["colors"]}},
	} {
		c.must(200, http.MethodPatch, "/prompts", object{"identifier_first": tt.first})
		if got := c.must(200, http.MethodPatch, "/tenants/settings", tt.change)["universal_login"]; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: the answer has %v, want %v", tt.name, got, tt.want)
		}
	}
	if got := c.must(200, http.MethodGet, "/tenants/settings", nil)["universal_login"]; !reflect.DeepEqual(got, colors) {
		t.Errorf("a read has %v", got)
	}
}

// TestBodiesOfEMails: Auth0: api/management/v2/email-templates/post-email-templates and emails/post-provider.
func TestBodiesOfEMails(t *testing.T) {
	c := newClient(t)
	template := func(without string) object {
		body := object{"template": "welcome_email", "body": nil, "from": "a@b.test", "subject": "s", "syntax": "liquid", "enabled": true}
		delete(body, without)
		return body
	}
	c.sendAll([]sent{
		{http.MethodPost, "/email-templates", template("body"), "'Missing required property: body'."},
		{http.MethodPost, "/email-templates", template("subject"), "'Missing required property: subject'."},
		{http.MethodPut, "/email-templates/welcome_email", template("enabled"), "'Missing required property: enabled'."},
		{http.MethodPut, "/email-templates/welcome_email", template("template"), ""},
		{http.MethodPatch, "/email-templates/welcome_email", object{"subject": nil}, ""},
		{http.MethodPost, "/email-templates", func() object { t := template(""); t["template"] = "verify_email"; return t }(), ""},
		{http.MethodPost, "/emails/provider", object{"name": "smtp"}, "'Missing required property: credentials'."},
		{http.MethodPost, "/emails/provider", object{"name": "mandrill", "credentials": object{"api_key": "k"}}, ""},
		{http.MethodPatch, "/emails/provider", object{"enabled": false}, ""},
	})
}
