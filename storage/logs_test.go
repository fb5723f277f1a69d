package storage_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

// appendLogs adds n events; every third one belongs to user "u".
func (s store) appendLogs(n int) {
	s.t.Helper()
	s.update(func(tx *storage.Tx) error {
		for i := range n {
			id, user := fmt.Sprintf("900%04d", i), ""
			if i%3 == 0 {
				user = "u"
			}
			if err := tx.Logs.Append(id, user, storage.Document{"log_id": id, "user_id": user, "type": "s"}); err != nil {
				return err
			}
		}
		return nil
	})
}

// logIDs returns the first n log ids of a sequence.
func (s store) logIDs(n int, read func(*storage.Tx) iter.Seq2[storage.Document, error]) (ids []string) {
	s.t.Helper()
	s.view(func(tx *storage.Tx) error {
		for d, err := range read(tx) {
			if err != nil {
				return err
			}
			ids = append(ids, d["log_id"].(string))
			if len(ids) == n {
				break
			}
		}
		return nil
	})
	return ids
}

func TestLogsInOrder(t *testing.T) {
	s := open(t)
	s.appendLogs(8)
	tests := []struct {
		name string
		read func(*storage.Tx) iter.Seq2[storage.Document, error]
		want []string
	}{
		{
			"the newest come first", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.Newest("") },
			[]string{"9000007", "9000006", "9000005"},
		},
		{
			"a user's are found by the user", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.Newest("u") },
			[]string{"9000006", "9000003", "9000000"},
		},
		{
			"another user has none", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.Newest("v") },
			nil,
		},
		{
			"those after an id come in the order of recording", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.After("9000005") },
			[]string{"9000006", "9000007"},
		},
		{
			"an id that is gone still says where to go on", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.After("90000055") },
			[]string{"9000006", "9000007"},
		},
		{
			"no id is the beginning", func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.After("") },
			[]string{"9000000", "9000001", "9000002"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, s.logIDs(3, tt.read)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLogsAreBounded(t *testing.T) {
	s := open(t)
	s.appendLogs(10)
	s.update(func(tx *storage.Tx) error { return tx.Logs.Prune(5, "9000007") })

	all := func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.After("") }
	if got, want := s.logIDs(10, all), []string{"9000007", "9000008", "9000009"}; !slices.Equal(got, want) {
		t.Errorf("after pruning by age there are %v, want %v", got, want)
	}
	s.update(func(tx *storage.Tx) error { return tx.Logs.Prune(2, "") })
	if got, want := s.logIDs(10, all), []string{"9000008", "9000009"}; !slices.Equal(got, want) {
		t.Errorf("after pruning to two there are %v, want %v", got, want)
	}
	byUser := func(tx *storage.Tx) iter.Seq2[storage.Document, error] { return tx.Logs.Newest("u") }
	if got, want := s.logIDs(10, byUser), []string{"9000009"}; !slices.Equal(got, want) {
		t.Errorf("the user's are %v, want %v", got, want)
	}
	s.view(func(tx *storage.Tx) error {
		last, err := tx.Logs.Last()
		if last != "9000009" {
			t.Errorf("the last is %q", last)
		}
		return err
	})
}

func TestSuspendLogStream(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		streams := tx.Documents(storage.LogStreams, "")
		for _, kind := range []string{"http", "datadog"} {
			err := streams.Put(storage.Write{ID: kind, Unique: []string{"name\x01" + kind}, Document: storage.Document{
				"id": kind, "type": kind, "status": storage.LogStreamActive, "isPriority": false,
				"sink": storage.Document{"httpEndpoint": "http://localhost/"},
			}})
			if err != nil {
				return err
			}
		}
		return tx.SuspendLogStream("http")
	})
	s.view(func(tx *storage.Tx) error {
		all, err := tx.LogStreams()
		if len(all) != 1 || all[0].Status != storage.LogStreamSuspended || all[0].Sink.Endpoint != "http://localhost/" {
			t.Errorf("the streams of type http are %+v", all)
		}
		if err != nil {
			return err
		}
		d, err := tx.Documents(storage.LogStreams, "").Document("http")
		if _, kept := d["isPriority"]; !kept {
			t.Errorf("the document has lost a member: %v", d)
		}
		return err
	})
	err := s.Update(t.Context(), func(tx *storage.Tx) error {
		return tx.Documents(storage.LogStreams, "").Put(storage.Write{ID: "other", Unique: []string{"name\x01http"}, Document: storage.Document{"id": "other"}})
	})
	if !storage.IsConflict(err) {
		t.Errorf("the name of a suspended stream was given away: %v", err)
	}
}
