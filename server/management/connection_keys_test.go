package management_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"
)

func TestConnectionKeys(t *testing.T) {
	c := newClient(t)
	connection := c.must(201, http.MethodPost, "/connections", object{"name": "upstream", "strategy": "oidc", "options": object{
		"client_id": "x", "issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/authorize", "type": "front_channel",
	}})
	path := "/connections/" + connection["id"].(string) + "/keys"
	list := func() map[string]object {
		t.Helper()
		status, answer := c.do(http.MethodGet, path, nil)
		keys, _ := answer.([]any)
		if status != 200 {
			t.Fatalf("the keys: %d %v", status, answer)
		}
		marked := map[string]object{}
		for _, k := range keys {
			key, _ := k.(object)
			for _, mark := range []string{"current", "next", "previous"} {
				if key[mark] == true {
					marked[mark] = key
				}
			}
			if _, shown := key["private_key"]; shown {
				t.Error("a private key is shown")
			}
		}
		return marked
	}
	first := list()
	if len(first) != 2 || first["current"] == nil || first["next"] == nil {
		t.Fatalf("a connection has the keys %v, want a current and a next one", first)
	}
	block, _ := pem.Decode([]byte(first["next"]["cert"].(string)))
	if cert, err := x509.ParseCertificate(block.Bytes); err != nil || cert.Subject.CommonName != "upstream" {
		t.Errorf("the certificate is of %v: %v", cert.Subject, err)
	}
	if status, _ := c.do(http.MethodPost, path, nil); status != http.StatusConflict {
		t.Errorf("keys that are there can be made: %d", status)
	}
	fresh := c.must(201, http.MethodPost, path+"/rotate", nil)
	second := list()
	for _, tt := range []struct {
		mark string
		want any
	}{
		{"previous", first["current"]["kid"]}, {"current", first["next"]["kid"]}, {"next", fresh["kid"]},
	} {
		if got := second[tt.mark]["kid"]; got != tt.want {
			t.Errorf("after a rotation the %s key is %v, want %v", tt.mark, got, tt.want)
		}
	}
	c.must(201, http.MethodPost, path+"/rotate", nil)
	if third := list(); third["previous"]["kid"] != second["current"]["kid"] {
		t.Errorf("after another rotation the previous key is %v", third["previous"]["kid"])
	}
	database := c.must(201, http.MethodPost, "/connections", object{"name": "database", "strategy": "auth0"})
	c.must(400, http.MethodGet, "/connections/"+database["id"].(string)+"/keys", nil)
	c.must(404, http.MethodGet, "/connections/con_0000000000000000/keys", nil)
}
