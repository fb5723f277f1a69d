package logstream

import (
	"cmp"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// categories maps the names of filters to the types of events that they let through,
// Auth0: customize/log-streams/event-filters.
var categories = map[string]string{ //nolint:gosec // names of events, no credentials
	"auth.login.fail":             "f fc fco fcoa fens fp fu",
	"auth.login.notification":     "w",
	"auth.login.success":          "s scoa sens",
	"auth.logout.fail":            "flo oidc_backchannel_logout_failed universal_logout_failed",
	"auth.logout.success":         "slo oidc_backchannel_logout_succeeded universal_logout_succeeded",
	"auth.signup.fail":            "fs",
	"auth.signup.success":         "ss",
	"auth.silent_auth.fail":       "fsa",
	"auth.silent_auth.success":    "ssa",
	"auth.token_exchange.fail":    "feacft feccft fede feoobft feotpft fepft fepotpft fercft ferrt fertft",
	"auth.token_exchange.success": "seacft seccft sede seoobft seotpft sepft sercft sertft",
	"management.fail":             "fapi",
	"management.success":          "sapi mgmt_api_read",
	"system.notification": "admin_update_launch api_limit coff con depnote fcpro fui limit_delegation limit_mu limit_wc " +
		"sys_os_update_start sys_os_update_end sys_update_start sys_update_end",
	"user.fail":         "fce fcp fcpn fcpr fcu fd fdeaz fdecc fdu fn fv fvr ss_sso_failure",
	"user.notification": "cs gd_enrollment_complete gd_start_enroll gd_unenroll gd_update_device_account ss_sso_info ublkdu",
	"user.success":      "sce scp scpn scpr scu sdu srrt ss_sso_success sui sv svr",
	"scim.event":        "sscim fscim",
	"actions":           "actions_execution_failed",
}

// other is the category of events that are in no other category.
const other = "other"

// categoryOf maps types of events to their categories.
var categoryOf = func() map[string]string {
	of := map[string]string{}
	for name, kinds := range categories {
		for kind := range strings.FieldsSeq(kinds) {
			of[kind] = name
		}
	}
	return of
}()

// wants reports whether the stream's filters let a type of event through. A stream
// without filters gets all events.
func wants(stream storage.LogStream, kind string) bool {
	if len(stream.Filters) == 0 {
		return true
	}
	of := cmp.Or(categoryOf[kind], other)
	for _, f := range stream.Filters {
		if f.Name == of {
			return true
		}
	}
	return false
}
