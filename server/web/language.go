package web

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// acceptLanguage is the context key of a request's Accept-Language header.
type acceptLanguage struct{}

// withLanguages puts the Accept-Language header into the request's context, where pages find it.
func withLanguages(r *http.Request) *http.Request {
	header := r.Header.Get("Accept-Language")
	if header == "" || header == "*" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), acceptLanguage{}, header))
}

// pageLanguage returns the language of a page, out of those that the tenant has enabled: the first that
// the application asks for, otherwise the first that the browser asks for, otherwise the tenant's
// default. Auth0:
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

// Region returns the country of the language that the application prefers, otherwise that the browser prefers, by its code of
// ISO 3166-1: the country that the language names, or else the one where most speak it. It is "" if neither prefers one.
func Region(ctx context.Context, uiLocales string) string {
	for wanted := range strings.FieldsSeq(uiLocales) {
		if tag, err := language.Parse(wanted); err == nil {
			return regionOf(tag)
		}
	}
	header, _ := ctx.Value(acceptLanguage{}).(string)
	if wanted, _, err := language.ParseAcceptLanguage(header); err == nil && len(wanted) > 0 {
		return regionOf(wanted[0])
	}
	return ""
}

func regionOf(tag language.Tag) string {
	region, confidence := tag.Region()
	if confidence == language.No {
		return ""
	}
	return region.String()
}

// LanguageAmong returns the language of a form of the tenant, out of those that the form has texts in:
// the first that is asked for, otherwise the first of the form.
func LanguageAmong(ctx context.Context, written []string, uiLocales string) string {
	return pageLanguage(ctx, written, uiLocales)
}

// enabledAs returns the enabled language that fits a wanted one best: the same, its base language, or
// another region of the base language; "" if none fits.
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
