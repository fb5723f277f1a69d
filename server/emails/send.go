package emails

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net/url"
	"strings"

	"github.com/tenant0/tenant0/server/callback"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Send issues the tickets of drafts, renders the drafts and passes the messages to the
// outbox. If a template cannot be rendered, the built-in one is used. Templates and tickets
// get the correlation_id of the request that ctx belongs to. Send must not be called within
// a transaction.
func (w Writer) Send(ctx context.Context, drafts ...Draft) error {
	storage.Slow("rendering an e-mail")
	for _, d := range drafts {
		if d.IsZero() {
			continue
		}
		if id := trace.CorrelationID(ctx); id != "" {
			d.values["correlation_id"] = id
		}
		if err := w.issue(ctx, &d); err != nil {
			return err
		}
		m, err := d.render(d.template)
		if err != nil {
			w.failed(d.message, err)
			if m, err = d.render(d.builtIn); err != nil {
				return err
			}
		}
		if m.Subject+m.HTML+m.Text == "" {
			continue // the template failed, and there is no built-in one
		}
		w.Outbox.Send(m)
	}
	return nil
}

// Code returns a new random code of six digits.
func Code() string { return CodeOf(6) }

// CodeOf returns a new random code of the given number of digits.
func CodeOf(digits int) string {
	end := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, end)
	if err != nil {
		panic(err) // the system's source of randomness has failed
	}
	return fmt.Sprintf("%0*d", digits, n)
}

func (w Writer) failed(m outbox.Message, err error) {
	if w.Failed != nil {
		w.Failed(m, err)
	}
}

// issue stores the draft's ticket, and sets its link in the draft.
func (w Writer) issue(ctx context.Context, d *Draft) (err error) {
	if d.ticket == nil {
		return nil
	}
	t := *d.ticket
	t.CorrelationID = trace.CorrelationID(ctx)
	if t.ResultURL, err = d.fill(templates.Liquid, d.template.ResultURL); err != nil {
		w.failed(d.message, err)
	}
	if callback.Dangerous(t.ResultURL) { // what the template has filled in may come from the user
		w.failed(d.message, fmt.Errorf("the resultUrl of the template leads to %q, to which no browser is sent", t.ResultURL))
		t.ResultURL = ""
	}
	t.ResultURL = withOrganization(t.ResultURL, d.values["organization"])
	err = w.DB.Update(context.Background(), func(tx *storage.Tx) error {
		d.message.Link, err = w.Ticket(tx, t)
		return err
	})
	d.values["url"] = d.message.Link
	return err
}

// withOrganization adds the organization of the login to the URL where the browser goes after a verification, Auth0:
// api/management/v2/jobs/post-verification-email.
func withOrganization(target string, organization any) string {
	of, _ := organization.(map[string]any)
	u, err := url.Parse(target)
	if target == "" || of == nil || err != nil {
		return target
	}
	query := u.Query()
	query.Set("organization_id", storage.Text(of, "id"))
	query.Set("organization_name", storage.Text(of, "name"))
	u.RawQuery = query.Encode()
	return u.String()
}

// render returns the message, rendered with a template.
func (d Draft) render(t template) (m outbox.Message, err error) {
	m, d.template = d.message, t
	for _, part := range []struct {
		fill func(string, map[string]any) (string, error)
		text string
		to   *string
	}{
		{templates.Liquid, t.From, &m.From},
		{templates.Liquid, t.Subject, &m.Subject},
		{templates.LiquidHTML, t.Body, &m.HTML},
		{templates.Liquid, t.Text, &m.Text},
	} {
		if part.text == "" {
			continue
		}
		if *part.to, err = d.fill(part.fill, part.text); err != nil {
			return m, err
		}
	}
	if m.Subject+m.HTML != "" {
		m.Text = strings.TrimSpace(m.Subject + "\n\n" + cmp.Or(m.Link, m.Code))
	}
	return m, nil
}

// fill renders a text of the template with the draft's values. Texts in Handlebars, which
// Auth0 no longer supports, are returned unchanged.
func (d Draft) fill(with func(string, map[string]any) (string, error), text string) (string, error) {
	if d.template.Syntax != "" && d.template.Syntax != "liquid" {
		return text, nil
	}
	return with(text, d.values)
}
