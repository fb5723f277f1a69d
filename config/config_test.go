package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
)

func TestValidateNamesKnobCauseAndRemedy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"no seed", func(c *config.Config) { c.Seed = "" }, "seed: it is empty; name a tenant file or one of the embedded tenants, empty and timesheets"},
		{"no data folder", func(c *config.Config) { c.Data = "" }, "data: this user has no home folder for the default; give --data DIR, or --ephemeral to keep nothing"},
		{"data and ephemeral", func(c *config.Config) { c.Ephemeral = true }, "data and ephemeral cannot be used together, because an ephemeral server keeps its data in memory; leave one out"},
		{"a listen address without port", func(c *config.Config) { c.Listen = "localhost" }, `listen: "localhost" is not HOST:PORT with a port of 0 to 65535; give for instance 127.0.0.1:4400, or port 0 for a free one`},
		{"a listen port too high", func(c *config.Config) { c.Listen = ":65536" }, `listen: ":65536" is not`},
		{"a named port", func(c *config.Config) { c.Listen = ":https" }, `listen: ":https" is not`},
		{"a control address without port", func(c *config.Config) { c.Control = "" }, `control: "" is not HOST:PORT`},
		{"one address for both", func(c *config.Config) { c.Control = c.Listen }, "control: 127.0.0.1:4400 is also the address of listen; give one of them another port"},
		{"a cost too low", func(c *config.Config) { c.PasswordCost = 3 }, "password-cost: 3 is not between 4 and 15; Auth0 uses 10, and 6 is faster"},
		{"a cost too high", func(c *config.Config) { c.PasswordCost = 16 }, "password-cost: 16 is not between"},
		{"no import", func(c *config.Config) { c.MaxImportSize = 0 }, "max-import-size: 0 is not between 1 and 1073741824 bytes; Auth0's limit is 512000"},
		{"an import without end", func(c *config.Config) { c.MaxImportSize = 1<<30 + 1 }, "max-import-size: 1073741825 is not between"},
		{"a negative grace", func(c *config.Config) { c.ShutdownGrace = -time.Second }, "shutdown-grace: -1s is negative; give for instance 10s, or 0s to stop at once"},
		{"an unknown log level", func(c *config.Config) { c.LogLevel = "warning" }, `log-level: "warning" is unknown; the values are debug, error, info, warn`},
		{"unknown providers", func(c *config.Config) { c.Upstream = "al" }, `upstream: "al" is unknown; did you mean "all"?`},
		{"an unknown log format", func(c *config.Config) { c.LogFormat = "jsn" }, `log-format: "jsn" is unknown; did you mean "json"?`},
		{"a store that is no database", func(c *config.Config) { c.Store = "mysql://u:secret@h/db" }, "store: the value is not the URL of a PostgreSQL database; give it as postgres://"},
		{"a database and nothing", func(c *config.Config) { c.Store, c.Data, c.Ephemeral = "postgres://h/db", "", true }, "store and ephemeral cannot be used together, because an ephemeral server keeps its data in memory; leave one out"},
		{"several", func(c *config.Config) { c.Seed, c.LogLevel = "", "" }, "\nlog-level: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config.Default()
			c.Data = "/data"
			tt.change(&c)
			err := c.Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDataFolderIsAbsolute(t *testing.T) {
	here := t.TempDir()
	t.Chdir(here)
	c := config.Default()
	c.Data = "data"
	if err := c.Validate(); err != nil || c.Data != filepath.Join(here, "data") {
		t.Errorf("got %q, %v", c.Data, err)
	}
}

func TestIssuerGetsItsOneForm(t *testing.T) {
	for given, want := range map[string]string{
		"":                           "",
		"https://localhost:4400":     "https://localhost:4400/",
		"https://localhost:4400/":    "https://localhost:4400/",
		"http://auth.example.test":   "http://auth.example.test/",
		"HTTPS://Acme.Example.Test/": "https://acme.example.test/",
		"https://[::1]:4400":         "https://[::1]:4400/",
	} {
		c := config.Default()
		c.Data, c.Issuer = "/data", given
		if err := c.Validate(); err != nil || c.Issuer != want {
			t.Errorf("%q: got %q, %v, want %q", given, c.Issuer, err, want)
		}
	}
}

func TestIssuerThatIsNoneIsRefused(t *testing.T) {
	for given, cause := range map[string]string{
		"localhost:4400":              "does not begin with https:// or http://",
		"acme.example.test":           "does not begin with https:// or http://",
		"ftp://acme.example.test/":    "does not begin with https:// or http://",
		"https:acme.example.test":     "has no host",
		"https:///":                   "has no host",
		"https://:4400/":              "has no host",
		"https://acme.test:/":         "has no host",
		"https://acme.test:65536/":    "has no host",
		"https://acme.test:0/":        "has no host",
		"https://acme.test:port/":     "is not a URL: invalid port",
		"https://user:pw@acme.test/":  "has a user name",
		"https://acme.test/?":         "has a query or a fragment",
		"https://acme.test/?a=b":      "has a query or a fragment",
		"https://acme.test/#":         "has a query or a fragment",
		"https://acme.test/tenants/a": "has a path",
		"https://acme.test//":         "has a path",
		"https://acme .test/":         "is not a URL: ",
	} {
		c := config.Default()
		c.Data, c.Issuer = "/data", given
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), cause) ||
			!strings.HasSuffix(err.Error(), "give scheme and host alone, such as https://localhost:4400/") {
			t.Errorf("%q: got %v, want %q", given, err, cause)
		}
	}
}

func TestIssuerAt(t *testing.T) {
	for _, tt := range []struct {
		name, issuer string
		port         int
		want         string
	}{
		{"of the port", "", 41234, "https://localhost:41234/"},
		{"of the port of HTTPS", "", 443, "https://localhost/"},
		{"configured", "https://acme.example.test/", 443, "https://acme.example.test/"},
	} {
		c := config.Config{Issuer: tt.issuer}
		if got := c.IssuerAt(tt.port); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCertificateCoversTheIssuer(t *testing.T) {
	c := config.Config{Hosts: []string{"a.test"}, Issuer: "https://acme.example.test:8443/"}
	if diff := cmp.Diff([]string{"a.test", "acme.example.test"}, c.CertificateHosts()); diff != "" {
		t.Error(diff)
	}
	c = config.Config{}
	if got := c.CertificateHosts(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func TestAllowedHosts(t *testing.T) {
	for host, valid := range map[string]bool{
		"idp": true, "IdP.example.com.": true, "*.example.com": true, "my_service": true, "xn--bcher-kva.test": true, "192.0.2.1": true, "::1": true,
		"": false, "*": false, "*.": false, "a.*.test": false, "*a.test": false, "idp:4400": false, "https://idp": false, "bücher.test": false, "a b": false,
	} {
		c := config.Default()
		c.Data, c.AllowedHosts = "/data", []string{host}
		err := c.Validate()
		if (err == nil) != valid || err != nil && !strings.HasPrefix(err.Error(), "allowed-host: ") {
			t.Errorf("%q: %v", host, err)
		}
	}
}
