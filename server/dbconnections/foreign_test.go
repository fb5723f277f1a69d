package dbconnections_test

import (
	"net/http"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAConnectionOfOthersTakesNobody: an application signs users up at its own databases alone.
func TestAConnectionOfOthersTakesNobody(t *testing.T) {
	tn := start(t)
	tn.must(http.StatusCreated, http.MethodPost, "/connections", object{"name": "others", "strategy": "auth0", "enabled_clients": []string{}})
	tn.must(http.StatusCreated, http.MethodPost, "/connections", object{"name": "codes", "strategy": "email", "enabled_clients": []string{servertest.Mobile}})
	for connection, want := range map[string]string{"others": "the connection was disabled", "codes": "the connection was not found"} {
		status, answer, _ := tn.api("signup", object{"client_id": servertest.Mobile, "connection": connection, "email": "new@exampleco.com", "password": "A password of 2026"})
		if status != http.StatusBadRequest || answer["error"] != "invalid_request" || answer["error_description"] != want {
			t.Errorf("%s: %d %v", connection, status, answer)
		}
	}
}
