package management

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/search"
	"github.com/tenant0/tenant0/storage"
)

// logOperations are the operations of the tenant's log, Auth0: api/management/v2/logs.
func logOperations() []operation {
	return []operation{
		{http.MethodGet, "/logs", []string{"read:logs", "read:logs_users"}, listLogs},
		{http.MethodGet, "/logs/{id}", []string{"read:logs", "read:logs_users"}, getLog},
		{http.MethodGet, "/users/{id}/logs", []string{"read:logs", "read:logs_users"}, userLogs},
	}
}

// eventList says how events are listed. The total in a list is at most maxEvents.
var eventList = listing{key: "logs", style: paged, showsLength: true}

// maxEvents is the number of events that can be reached by paging, Auth0:
// deploy-monitor/logs/retrieve-log-events-using-mgmt-api.
const maxEvents = 1000

// listLogs lists events, either from a checkpoint (query parameters from and take, oldest
// first) or by search criteria.
//
//auth0:operation GET /api/v2/logs
func listLogs(c *call) error {
	if !c.query.Has("from") && !c.query.Has("take") {
		return c.events("")
	}
	take, err := c.number("take", defaultPage, 1, maxPage)
	if err != nil {
		return err
	}
	docs, err := c.Events.After(c.ctx, c.query.Get("from"), take)
	if err != nil {
		return err
	}
	for i, doc := range docs {
		docs[i] = c.selectFields(doc)
	}
	return c.reply(http.StatusOK, docs)
}

//auth0:operation GET /api/v2/users/{id}/logs
func userLogs(c *call) error { return c.events(c.param("id")) }

// events lists the events of a user that match the query; all users' if userID is "".
func (c *call) events(userID string) error {
	match, err := c.eventQuery()
	if err != nil {
		return err
	}
	docs := []storage.Document{}
	err = c.Events.Newest(c.ctx, userID, func(doc storage.Document) (bool, error) {
		ok, err := match(doc)
		if ok {
			docs = append(docs, doc)
		}
		return len(docs) < maxEvents, err
	})
	if err != nil {
		return err
	}
	if sort := c.query.Get("sort"); sort != "" {
		order, err := search.ParseOrder(sort, search.Logs)
		if err != nil {
			return searchFault(err)
		}
		if strings.HasSuffix(sort, ":1") {
			slices.Reverse(docs) // reversed first, so that the stable sort keeps events of the same time in their order
		}
		slices.SortStableFunc(docs, func(a, b storage.Document) int {
			return order.Compare(order.Key([]byte(jsonText(a))), order.Key([]byte(jsonText(b))))
		})
	}
	return c.page(docs, eventList)
}

// eventQuery reads the query parameter q, or search, which is its older name.
func (c *call) eventQuery() (match func(storage.Document) (bool, error), err error) {
	text := cmp.Or(c.query.Get("q"), c.query.Get("search"))
	if text == "" {
		return func(storage.Document) (bool, error) { return true, nil }, nil
	}
	query, err := search.Parse(text, search.Logs)
	if err != nil {
		return nil, searchFault(err)
	}
	return query.MatchDocument, nil
}

//auth0:operation GET /api/v2/logs/{id}
func getLog(c *call) error {
	doc, err := c.Events.Get(c.ctx, c.param("id"))
	if storage.IsNotFound(err) {
		return &apierr.Error{Status: http.StatusNotFound, Message: "Log not found.", Extra: map[string]any{"errorCode": "inexistent_log"}}
	}
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}
