package storage_test

import (
	"context"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
)

func TestAnArrivalRemembersForAMoment(t *testing.T) {
	ctx := storage.Arrive(context.Background())
	one, other := new(int), new(int)
	a := storage.ArrivalOf(context.WithValue(ctx, t, t))
	if a.Knows(one, noon) {
		t.Error("a request knows a store that it has not asked")
	}
	a.Asked(one, noon)
	for _, tt := range []struct {
		name  string
		a     *storage.Arrival
		store any
		after time.Duration
		knows bool
	}{
		{"at once", a, one, 0, true},
		{"a little later", a, one, storage.Lag - 1, true},
		{"later", a, one, storage.Lag, false},
		{"another store", a, other, 0, false},
		{"another request", storage.ArrivalOf(storage.Arrive(ctx)), one, 0, false},
		{"no request", storage.ArrivalOf(context.Background()), one, 0, false},
	} {
		if got := tt.a.Knows(tt.store, noon.Add(tt.after)); got != tt.knows {
			t.Errorf("%s: it knows the store: %v, want %v", tt.name, got, tt.knows)
		}
	}
	storage.ArrivalOf(context.Background()).Asked(one, noon) // of no request: nothing to remember
}
