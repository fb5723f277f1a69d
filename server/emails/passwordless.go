package emails

import (
	"cmp"
	"strings"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/storage"
)

// DraftPasswordless drafts the message of a passwordless connection with a code or, if the
// letter has one, a link. The connection may have its own template, Auth0:
// authenticate/passwordless/authentication-methods/email-otp and sms-otp.
func (w Writer) DraftPasswordless(tx *storage.Tx, conn storage.Connection, l Letter) (Draft, error) {
	l.Connection = conn.Name
	values, err := w.values(tx, l)
	if err != nil {
		return Draft{}, err
	}
	values["send"], values["link"], values["password"] = "code", l.Link, l.Code
	if l.Link != "" {
		values["send"] = "link"
	}
	m := outbox.Message{
		Kind: l.Kind, To: l.User.Email, Link: l.Link, Code: l.Code, UserID: l.User.UserID, ClientID: l.ClientID, Connection: conn.Name,
	}
	if l.Kind == outbox.OTPVerify {
		return phoneDraft(conn, l, m, values), nil
	}
	own, _ := builtIn(l.Kind)
	t := own
	if options, ok := conn.Options["email"].(map[string]any); ok {
		t.Subject = cmp.Or(option(options, "subject"), own.Subject)
		t.Body, t.From = cmp.Or(option(options, "body"), own.Body), option(options, "from")
		t.Syntax = cmp.Or(option(options, "syntax"), own.Syntax)
	}
	return Draft{message: m, template: t, builtIn: own, values: values}, nil
}

// phoneText is the message template that the connection "sms" of a new tenant has.
const phoneText = "Your verification code is: {{ code }}"

// phoneDraft returns the draft of a text message. The old syntax of its template has one
// macro, @@password@@, which is replaced by Liquid's {{ code }}.
func phoneDraft(conn storage.Connection, l Letter, m outbox.Message, values map[string]any) Draft {
	m.Channel, m.To, m.From = outbox.SMS, l.User.PhoneNumber, option(conn.Options, "from")
	text := cmp.Or(option(conn.Options, "template"), phoneText)
	text = strings.ReplaceAll(text, "@@password@@", "{{ code }}")
	return Draft{message: m, template: template{Text: text}, builtIn: template{Text: phoneText}, values: values}
}

func option(options map[string]any, name string) string {
	text, _ := options[name].(string)
	return text
}
