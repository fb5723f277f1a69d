package eventstream

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Filter selects failed deliveries; empty members select all.
type Filter struct {
	Types []string
	// From and To limit the time of the event, RFC 3339. To is exclusive.
	From, To string
}

// Fault returns what is wrong with a filter, or "" if it is valid.
func (f Filter) Fault() string {
	for _, date := range []struct{ name, text string }{{"date_from", f.From}, {"date_to", f.To}} {
		if _, err := time.Parse(time.RFC3339, date.text); err != nil && date.text != "" {
			return "'Object didn't pass validation for format date-time: " + date.text + "' on property " + date.name
		}
	}
	return ""
}

// meets reports whether a delivery has failed and matches the filter.
func (f Filter) meets(d Delivery) bool {
	at, err := time.Parse(time.RFC3339, storage.Text(d.Event, "time"))
	if d.Status != Failed || err != nil || len(f.Types) > 0 && !slices.Contains(f.Types, d.EventType) {
		return false
	}
	from, _ := time.Parse(time.RFC3339, f.From) // the zero time if there is no limit
	to, err := time.Parse(time.RFC3339, f.To)
	return !at.Before(from) && (err != nil || at.Before(to))
}

// Shown returns the delivery as the Management API returns it.
func (d Delivery) Shown() storage.Document {
	return storage.Document{
		"id": d.ID, "event_stream_id": d.StreamID, "status": d.Status, "event_type": d.EventType, "attempts": d.Attempts, "event": d.Event,
	}
}

// Deliveries returns the failed deliveries of a stream that match a filter, the oldest first.
func Deliveries(tx *storage.Tx, streamID string, f Filter) (found []Delivery, err error) {
	for row, err := range tx.Documents(deliveryKind, streamID).Rows() {
		if err != nil {
			return nil, err
		}
		d, err := readDelivery(row.JSON)
		if err != nil {
			return nil, err
		}
		if f.meets(d) {
			found = append(found, d)
		}
	}
	return found, nil
}

// Find returns a delivery of a stream, or an error that wraps storage.ErrNotFound.
func Find(tx *storage.Tx, streamID, eventID string) (d Delivery, err error) {
	return d, tx.Documents(deliveryKind, streamID).Read(eventID, &d)
}

// Redeliver makes failed deliveries of a stream pending again, so that they are repeated.
func Redeliver(tx *storage.Tx, streamID string, deliveries []Delivery) error {
	f, err := readFailures(tx, streamID)
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		d.Status, d.Asked = Pending, true
		if err := d.put(tx); err != nil {
			return err
		}
		f.all--
	}
	return f.put(tx, streamID)
}

// Enable resets the count of consecutive failures of a stream, and reports whether the stream may
// be enabled: not if too many failed deliveries are stored.
func Enable(tx *storage.Tx, streamID string) (may bool, err error) {
	f, err := readFailures(tx, streamID)
	if err != nil || f.inRow == 0 {
		return f.all < mostFailed, err
	}
	f.inRow = 0
	return f.all < mostFailed, f.put(tx, streamID)
}

// Try stores a test delivery of an event of a type for a stream. data is the content of the
// event; if it is nil, an example is used.
func (s *Streams) Try(tx *storage.Tx, streamID, kind string, data storage.Document) (Delivery, error) {
	now := s.Now()
	if data == nil {
		data = s.data(event{object: example(kind, resource.Time(now))})
	}
	d := s.newDelivery(newEventID(), streamID, kind, data, now)
	d.Event["a0purpose"] = "test"
	return d, d.put(tx)
}

// example returns the object of a test event of a type.
func example(kind, now string) storage.Document {
	user := storage.Document{"user_id": "auth0|507f1f77bcf86cd799439020"}
	organization := storage.Document{"id": "org_1234567890abcdef", "name": "example"}
	group := storage.Document{"id": "grp_12345678912345", "name": "example", "type": "tenant", "created_at": now}
	connection := storage.Document{"id": "con_1234567890abcdef"}
	role := storage.Document{"id": "rol_1234567890abcdef", "name": "example"}
	switch kind[:strings.LastIndex(kind, ".")] {
	case "user":
		identity := storage.Document{"connection": "Username-Password-Authentication", "provider": "auth0", "user_id": "507f1f77bcf86cd799439020", "isSocial": false}
		object := storage.Document{
			"email": "john.doe@example.com", "email_verified": false, "created_at": now, "updated_at": now, "identities": []any{identity},
			"name": "john.doe@example.com", "nickname": "john.doe",
		}
		maps.Copy(object, user)
		if kind == "user.deleted" {
			object["deleted_at"] = now
		}
		return object
	case "organization":
		return organization
	case "connection":
		return storage.Document{"id": connection["id"], "name": "example", "strategy": "auth0"}
	case "organization.member":
		return storage.Document{"organization": organization, "user": user}
	case "organization.member.role":
		return storage.Document{"organization": organization, "user": user, "role": role}
	case "organization.connection":
		return storage.Document{"organization": organization, "connection": connection}
	case "organization.group.role":
		return storage.Document{"organization": organization, "group": group, "role": role}
	case "group.member":
		return storage.Document{"group": group, "member": user}
	case "group.role":
		return storage.Document{"group": group, "role": role}
	}
	return group
}
