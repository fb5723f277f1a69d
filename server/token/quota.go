package token

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// bucket is a quota of tokens for an application or an organization, and its use in the current hour or day of UTC.
// Auth0: fine-grained-m2m-token-quotas.
type bucket struct {
	entity, id string // entity is "client" or "organization", id its id
	name       string // per_hour or per_day
	limit      int
	enforced   bool
	issued     storage.IssuedTokens
}

// quotaHeaders are the names of the headers that describe quotas at Auth0.
var quotaHeaders = map[string]string{"client": "Auth0-Client-Quota-Limit", "organization": "Auth0-Organization-Quota-Limit"}

// buckets returns the quotas that apply to a token for an application and perhaps an organization: their own quotas,
// or else the tenant's defaults, with their use at a time.
func buckets(tx *storage.Tx, client storage.Client, organization string, now time.Time) (all []bucket, err error) {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	own, ofAll := client.TokenQuota, tenant.DefaultTokenQuota.Clients
	if all, err = bucketsOf(tx, all, "client", client.ClientID, own, ofAll, now); err != nil || organization == "" {
		return all, err
	}
	o, err := tx.Organization(organization)
	if err != nil {
		return nil, err
	}
	return bucketsOf(tx, all, "organization", o.ID, o.TokenQuota, tenant.DefaultTokenQuota.Organizations, now)
}

func bucketsOf(tx *storage.Tx, all []bucket, entity, id string, own, ofAll *storage.TokenQuota, now time.Time) ([]bucket, error) {
	q := own
	if q == nil {
		q = ofAll
	}
	if q == nil {
		return all, nil
	}
	for _, b := range []struct {
		name  string
		limit int
		size  time.Duration
	}{{"per_hour", q.ClientCredentials.PerHour, time.Hour}, {"per_day", q.ClientCredentials.PerDay, 24 * time.Hour}} {
		if b.limit == 0 {
			continue
		}
		issued, err := tx.Issued(entity+"\x01"+id+"\x01"+b.name, now.UTC().Truncate(b.size).Add(b.size))
		if err != nil {
			return nil, err
		}
		all = append(all, bucket{entity, id, b.name, b.limit, q.Enforced(), issued})
	}
	return all, nil
}

// left returns how many more tokens may be issued, resets in how many seconds the count starts again.
func (b bucket) left() int { return max(b.limit-b.issued.Count, 0) }

func (b bucket) resets(now time.Time) int { return int(b.issued.EndsAt.Sub(now) / time.Second) }

// describeQuotas returns the headers that describe quotas.
func describeQuotas(all []bucket, now time.Time) map[string]string {
	parts := map[string][]string{}
	for _, b := range all {
		header := quotaHeaders[b.entity]
		parts[header] = append(parts[header], fmt.Sprintf("b=%s;q=%d;r=%d;t=%d", b.name, b.limit, b.left(), b.resets(now)))
	}
	headers := map[string]string{}
	for header, list := range parts {
		headers[header] = strings.Join(list, ",")
	}
	return headers
}

// exceeded returns the error for a quota that is used up.
func (b bucket) exceeded(now time.Time) error {
	headers := describeQuotas([]bucket{b}, now)
	headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"] = strconv.Itoa(b.limit), "0"
	headers["X-RateLimit-Reset"] = strconv.FormatInt(b.issued.EndsAt.Unix(), 10)
	headers["Retry-After"] = strconv.Itoa(b.resets(now))
	return &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_requests", Message: strings.ToUpper(b.entity[:1]) + b.entity[1:] + " quota exceeded",
		Setting: "token_quota of the " + map[string]string{"client": "application", "organization": "organization"}[b.entity] + ", or default_token_quota of the tenant",
		Header:  headers,
	}
}

// counted reports whether quotas apply to a token.
func counted(tx *storage.Tx, client storage.Client, organization string, now time.Time) (bool, error) {
	all, err := buckets(tx, client, organization, now)
	return len(all) > 0, err
}

// countToken counts a token in its quotas, or refuses it. It returns the quotas with the token counted.
func countToken(tx *storage.Tx, client storage.Client, organization string, now time.Time) ([]bucket, error) {
	all, err := buckets(tx, client, organization, now)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if b.enforced && b.left() == 0 {
			return nil, b.exceeded(now)
		}
	}
	for i := range all {
		all[i].issued.Count++
		if err := tx.IssuedTokens.Put(all[i].issued); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// warned are the shares of a quota, in percent, that are recorded in the tenant's log when they are reached.
var warned = []int{60, 80, 100}

// warn records quotas that have reached such a share with this token.
func warn(log *tenantlog.Log, rq *oauth.TokenRequest, all []bucket) {
	for _, b := range all {
		for _, share := range warned {
			if b.issued.Count*100 < share*b.limit || (b.issued.Count-1)*100 >= share*b.limit {
				continue
			}
			log.Record(rq.HTTP, tenantlog.Event{
				Type: tenantlog.QuotaWarning, Description: fmt.Sprintf("%d%% of %s %s quota consumed", share, b.entity, b.name),
				ClientID: rq.Client.ClientID, ClientName: rq.Client.Name,
				Details: map[string]any{
					"bucket": b.name, "entity_type": b.entity, "entity_id": b.id, "quota": b.limit,
					"quota_consumption_percentage": share, "quota_consumption": b.issued.Count,
				},
			})
		}
	}
}

// count counts the token of a request, and describes the quotas in the reply's headers. Without quotas nothing is
// written.
func (g *clientCredentials) count(ctx context.Context, rq *oauth.TokenRequest, organization string, reply *oauth.Reply) error {
	if !rq.Counted {
		return nil
	}
	var all []bucket
	err := g.db.Update(ctx, func(tx *storage.Tx) (err error) {
		all, err = countToken(tx, rq.Client, organization, rq.Now)
		return err
	})
	if err != nil {
		return err
	}
	warn(g.log, rq, all)
	reply.Header = describeQuotas(all, rq.Now)
	return nil
}
