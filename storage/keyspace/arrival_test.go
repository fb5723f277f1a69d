package keyspace_test

import (
	"context"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

func TestAnArrivalRemembersForAMoment(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	ctx := keyspace.Arrive(context.Background())
	one, other := new(int), new(int)
	a := keyspace.ArrivalOf(context.WithValue(ctx, t, t))
	if a.Knows(one, now) {
		t.Error("a request knows a store that it has not asked")
	}
	a.Asked(one, now)
	for _, tt := range []struct {
		name  string
		a     *keyspace.Arrival
		store any
		after time.Duration
		knows bool
	}{
		{"at once", a, one, 0, true},
		{"a little later", a, one, keyspace.Lag - 1, true},
		{"later", a, one, keyspace.Lag, false},
		{"another store", a, other, 0, false},
		{"another request", keyspace.ArrivalOf(keyspace.Arrive(ctx)), one, 0, false},
		{"no request", keyspace.ArrivalOf(context.Background()), one, 0, false},
	} {
		if got := tt.a.Knows(tt.store, now.Add(tt.after)); got != tt.knows {
			t.Errorf("%s: it knows the store: %v, want %v", tt.name, got, tt.knows)
		}
	}
	keyspace.ArrivalOf(context.Background()).Asked(one, now) // of no request: nothing to remember
}
