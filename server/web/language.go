package web

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// acceptLanguage is the key of the languages that the browser of a request asks for.
type acceptLanguage struct{}

// withLanguages keeps the languages that a request's browser asks for where its pages find them.
func withLanguages(r *http.Request) *http.Request {
	header := r.Header.Get("Accept-Language")
	if header == "" || header == "*" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), acceptLanguage{}, header))
}

// pageLanguage is the language of a page, of those that the tenant has enabled: the first that
// the application asks for, or else the browser, or else the tenant's own. Auth0:
// customize/internationalization-and-localization/universal-login-internationalization.
func pageLanguage(ctx context.Context, enabled []string, uiLocales string) string {
	if len(enabled) == 0 {
		return "en"
	}
	for wanted := range strings.FieldsSeq(uiLocales) {
		if tag := enabledAs(enabled, wanted); tag != "" {
			return tag
		}
	}
	header, _ := ctx.Value(acceptLanguage{}).(string)
	if header == "" || len(enabled) == 1 {
		return enabled[0]
	}
	wanted, weights, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return enabled[0]
	}
	for i, tag := range wanted {
		if weights[i] == 0 {
			continue // RFC 9110 section 12.4.2: not acceptable
		}
		if tag := enabledAs(enabled, tag.String()); tag != "" {
			return tag
		}
	}
	return enabled[0]
}

// LanguageAmong is the language of a form of the tenant's, of those that it is written in: the first that
// is asked for, or else the first of all.
func LanguageAmong(ctx context.Context, written []string, uiLocales string) string {
	return pageLanguage(ctx, written, uiLocales)
}

// enabledAs is the enabled language that serves who asks for one: itself, its base, or another
// of the same base; "" for none.
func enabledAs(enabled []string, wanted string) (tag string) {
	base, _, _ := strings.Cut(wanted, "-")
	rank := 0
	for _, have := range enabled {
		own, _, regional := strings.Cut(have, "-")
		switch {
		case strings.EqualFold(have, wanted):
			return have
		case !strings.EqualFold(own, base):
		case !regional && rank < 2:
			tag, rank = have, 2
		case rank == 0:
			tag, rank = have, 1
		}
	}
	return tag
}
