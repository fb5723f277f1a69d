package storage

import (
	"encoding/json"
	"iter"
	"time"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// logRow holds the members that the store itself reads.
type logRow struct {
	LogID  string `json:"log_id"`
	UserID string `json:"user_id"`
}

var logs = table.Declare(table.Spec[logRow]{
	Name: "logs",
	Key:  func(r logRow) string { return r.LogID },
	Indexes: []table.Index[logRow]{
		{Name: "user", Values: func(r logRow) []string {
			if r.UserID == "" {
				return nil
			}
			return []string{r.UserID}
		}},
	},
})

// LogIDAt is the beginning of the log_ids of time t: 900, and the time in
// nanoseconds, as in Auth0's. It sorts before the log_ids of all events at t or
// later, and after those of earlier events.
func LogIDAt(t time.Time) string {
	text := t.UTC().Format(LogIDTime)
	return "900" + text[:14] + text[15:]
}

// LogIDTime is the layout of the time in a log_id, in which the point is left out.
const LogIDTime = "20060102150405.000000000"

// Logs is the tenant's log. Its keys begin with the time, so that no index by date
// is needed.
type Logs struct {
	tx      *Tx
	records table.Records
}

// Append adds the event with an id, of a user or of nobody (""). It is stored as JSON, which has the members of logRow.
func (l Logs) Append(logID, userID string, event any) error {
	raw, err := json.Marshal(event)
	if err != nil {
		return err
	}
	return l.records.Write(&logRow{logID, userID}, raw)
}

// Document returns the event with an id, or an error that wraps ErrNotFound.
func (l Logs) Document(logID string) (Document, error) {
	return l.records.Document(logID)
}

// Newest yields the events of a user ("" for all), the newest first. The sequence
// ends after an error.
func (l Logs) Newest(userID string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		prefix := l.records.RowKey("")
		read := func(r keyspace.Row) (Document, error) { return decodeLog(r.Value) }
		if userID != "" {
			prefix = l.records.IndexPrefix("user", userID)
			read = func(r keyspace.Row) (Document, error) { return l.Document(string(r.Key[len(prefix):])) }
		}
		l.yield(keyspace.Backward(l.tx.kv(), prefix, keyspace.PrefixEnd(prefix)), read, yield)
	}
}

// After yields the events recorded after the event with an id, the oldest first.
// That event itself may have been pruned. The sequence ends after an error.
func (l Logs) After(logID string) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		from := append(l.records.RowKey(logID), 0)
		l.yield(keyspace.Forward(l.tx.kv(), from, keyspace.PrefixEnd(l.records.RowKey(""))), func(r keyspace.Row) (Document, error) { return decodeLog(r.Value) }, yield)
	}
}

// yield passes on what read returns for each row, until an error.
func (l Logs) yield(rows iter.Seq2[keyspace.Row, error], read func(keyspace.Row) (Document, error), yield func(Document, error) bool) {
	for r, err := range rows {
		var d Document
		if err == nil {
			d, err = read(r)
		}
		if !yield(d, err) || err != nil {
			return
		}
	}
}

func decodeLog(raw []byte) (d Document, err error) {
	err = json.Unmarshal(raw, &d)
	return d, err
}

// Last returns the id of the newest event, or "".
func (l Logs) Last() (id string, err error) {
	prefix := l.records.RowKey("")
	err = l.tx.kv().ScanBack(prefix, keyspace.PrefixEnd(prefix), func(key, _ []byte) bool {
		id = string(key[len(prefix):])
		return false
	})
	return id, err
}

// Prune removes all events but the newest keep ones, and also those whose log_id
// sorts before the argument before.
func (l Logs) Prune(keep int, before string) error {
	prefix := l.records.RowKey("")
	var old []string
	n := 0
	err := l.tx.kv().ScanBack(prefix, keyspace.PrefixEnd(prefix), func(key, _ []byte) bool {
		if n++; n > keep || string(key[len(prefix):]) < before {
			old = append(old, string(key[len(prefix):]))
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		if err := l.records.Delete(id); err != nil {
			return err
		}
	}
	return nil
}
