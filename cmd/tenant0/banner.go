package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tenant0/tenant0/server"
	"github.com/tenant0/tenant0/server/tenant"
)

// banner collects what a developer needs to point a client at the server. Each
// value stands alone at the end of its line, so that a double click selects it.
type banner struct{ strings.Builder }

// printBanner prints the banner of a server that has started.
func printBanner(w io.Writer, s server.Summary) error {
	var b banner
	b.WriteString("tenant0 is ready.\n\n")
	b.server(s)
	b.applications(s.Applications)
	b.apis(s.APIs)
	b.users(s.Users)
	b.further(s.Further)
	b.environment(s)
	for _, warning := range s.Warnings {
		b.section("Warning: " + warning)
	}
	b.section("Ctrl-C stops it.")
	_, err := io.WriteString(w, b.String())
	return err
}

func (b *banner) section(title string) { fmt.Fprintf(b, "\n%s\n", printable(title)) }

// labelWidth is the width of the longest label.
const labelWidth = len("  client secret")

// line writes a label with its values, one per line.
func (b *banner) line(width int, label string, values ...string) {
	for _, value := range values {
		fmt.Fprintf(b, "  %-*s   %s\n", width, printable(label), printable(value))
		label = ""
	}
}

func (b *banner) server(s server.Summary) {
	b.line(labelWidth, "Issuer", s.Issuer)
	b.line(labelWidth, "Discovery", s.Issuer+".well-known/openid-configuration")
	b.line(labelWidth, "Listens on", s.Addr)
	b.line(labelWidth, "Control", s.ControlURL)
	if overHTTPS(s) {
		b.line(labelWidth, "CA file", s.CAPath)
	}
	b.line(labelWidth, "Data", s.Data)
}

func (b *banner) applications(all []tenant.Application) {
	if len(all) > 0 {
		b.section("Applications")
	}
	for _, a := range all {
		fmt.Fprintf(b, "  %s (%s)\n", printable(a.Name), printable(a.Type))
		b.line(labelWidth, "  client id", a.ClientID)
		if a.ClientSecret != "" {
			b.line(labelWidth, "  client secret", a.ClientSecret)
		}
		b.line(labelWidth, "  callbacks", a.Callbacks...)
	}
}

func (b *banner) apis(all []tenant.API) {
	if len(all) > 0 {
		b.section("APIs")
	}
	for _, a := range all {
		fmt.Fprintf(b, "  %s\n", printable(a.Name))
		b.line(labelWidth, "  identifier", a.Identifier)
		if len(a.Scopes) > 0 {
			b.line(labelWidth, "  scopes", strings.Join(a.Scopes, " "))
		}
	}
}

func (b *banner) users(all []tenant.SummaryUser) {
	if len(all) > 0 {
		b.section("Users and passwords")
	}
	width := 0
	for _, u := range all {
		width = max(width, utf8.RuneCountInString(printable(u.Email)))
	}
	for _, u := range all {
		b.line(width, u.Email, u.Password)
	}
}

// further lists the tenants other than the first.
func (b *banner) further(all []server.Further) {
	if len(all) > 0 {
		b.section("Further tenants")
	}
	for _, t := range all {
		b.line(labelWidth, t.Name, t.Issuer)
	}
}

// environment writes the variables that a client needs, for a shell or an .env
// file.
func (b *banner) environment(s server.Summary) {
	b.section("Environment of a client")
	b.exports(s.Environment(s.ControlURL))
	if overHTTPS(s) {
		b.WriteString("# Node trusts this file in addition to the authorities that it knows. Go, curl and\n" +
			"# Python trust only this file, so they cannot reach other HTTPS hosts. With tenant0 ca\n" +
			"# trust or tenant0 exec they still can.\n")
		b.exports(tenant.CAVariables(s.CAPath))
	}
}

func (b *banner) exports(variables []tenant.Variable) {
	for _, v := range variables {
		fmt.Fprintf(b, "export %s=%s\n", v.Name, quote(v.Value))
	}
}
