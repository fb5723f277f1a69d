package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
)

// clearEnvironment hides settings in the environment of the machine that runs the test.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "TENANT0_") {
			t.Setenv(name, "")
		}
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tenant0.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// values has three valid texts for each setting: for the file, the environment and the flag. A setting that is missing here
// fails the test, so that none is forgotten.
var values = map[string][3]string{
	"seed":            {"empty", "a.yaml", "b.yaml"},
	"keywords":        {"a.json", "b.json", "c.json"},
	"data":            {"/a", "/b", "/c"},
	"ephemeral":       {"true", "false", "true"},
	"tenants":         {"/a", "/b", "/c"},
	"store":           {"postgres://a/t", "postgres://u:secret@b/t", "postgresql://u@c/t?sslmode=require"},
	"listen":          {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"},
	"control":         {"127.0.0.1:11", "127.0.0.1:12", "127.0.0.1:13"},
	"issuer":          {"https://a.test/", "https://b.test/", "http://c.test:8080/"},
	"host":            {"a.test", "b.test", "c.test"},
	"allowed-host":    {"a.test", "*.b.test", "c.test"},
	"no-fsync":        {"true", "false", "true"},
	"password-cost":   {"7", "8", "9"},
	"assets":          {"/a", "/b", "/c"},
	"upstream":        {"all", "none", "loopback"},
	"max-import-size": {"1", "2", "3"},
	"shutdown-grace":  {"1s", "2s", "3s"},
	"log-level":       {"debug", "warn", "error"},
	"log-format":      {"json", "text", "json"},
}

func TestEveryKnobIsDecidedByFlagThenEnvironmentThenFileThenDefault(t *testing.T) {
	clearEnvironment(t)
	for knob := range reflect.TypeFor[config.Config]().Fields() {
		name := knob.Tag.Get("name")
		if name == "config" {
			continue // TestConfigurationFileIsNamedByFlagOrEnvironment
		}
		t.Run(name, func(t *testing.T) {
			texts, ok := values[name]
			if !ok {
				t.Fatalf("the field %s has no texts in this test", knob.Name)
			}
			base := config.Default()
			field := func(c config.Config) string {
				return strings.Trim(fmt.Sprint(reflect.ValueOf(c).FieldByIndex(knob.Index).Interface()), "[]")
			}
			load := func(flags config.Config, given map[string]bool) string {
				t.Helper()
				c, err := config.Load(base, flags, given)
				if err != nil {
					t.Fatal(err)
				}
				return field(c)
			}
			check := func(source, got, want string) {
				t.Helper()
				if got != want {
					t.Errorf("%s: got %q, want %q", source, got, want)
				}
			}
			check("default", load(config.Config{}, nil), field(base))

			t.Setenv("TENANT0_CONFIG", writeFile(t, name+": "+texts[0]+"\n"))
			check("file", load(config.Config{}, nil), texts[0])

			t.Setenv(config.EnvName(name), texts[1])
			check("environment", load(config.Config{}, nil), texts[1])

			flags := config.Config{}
			set(reflect.ValueOf(&flags).Elem().FieldByIndex(knob.Index), texts[2])
			check("flag", load(flags, map[string]bool{name: true}), texts[2])
			check("a flag that is not given", load(flags, nil), texts[1])
		})
	}
}

// set parses a text into a field as the command line does.
func set(field reflect.Value, text string) {
	switch target := field.Addr().Interface().(type) {
	case *string:
		*target = text
	case *bool:
		*target = text == "true"
	case *int:
		fmt.Sscan(text, target)
	case *time.Duration:
		*target, _ = time.ParseDuration(text)
	case *[]string:
		*target = strings.Split(text, ",")
	}
}

func TestEveryKnobHasItsTags(t *testing.T) {
	for field := range reflect.TypeFor[config.Config]().Fields() {
		if field.Tag.Get("name") == "" || field.Tag.Get("help") == "" {
			t.Errorf("%s lacks a name or a help text", field.Name)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", "/xdg")
	want := config.Config{
		Seed: "timesheets", Data: "/xdg/tenant0", Listen: "127.0.0.1:4400", Control: "127.0.0.1:4401",
		PasswordCost: 6, MaxImportSize: 512000, ShutdownGrace: 10 * time.Second, Upstream: "loopback", LogLevel: "info", LogFormat: "text",
	}
	got := config.Default()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDefaultDataFolder(t *testing.T) {
	for _, tt := range []struct{ name, xdg, home, want string }{
		{"XDG_DATA_HOME", "/xdg", "/home/dev", "/xdg/tenant0"},
		{"a relative XDG_DATA_HOME is ignored", "xdg", "/home/dev", "/home/dev/.local/share/tenant0"},
		{"a home", "", "/home/dev", "/home/dev/.local/share/tenant0"},
		{"neither, as in an empty container", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("XDG_DATA_HOME", tt.xdg)
			t.Setenv("HOME", tt.home)
			if got := config.Default().Data; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestConfigurationFileIsNamedByFlagOrEnvironment(t *testing.T) {
	clearEnvironment(t)
	one, two := writeFile(t, "seed: empty\nhost: [a.test, 192.0.2.1]\n"), writeFile(t, "# nothing\n")
	t.Setenv("TENANT0_CONFIG", one)
	c, err := config.Load(config.Default(), config.Config{}, nil)
	if err != nil || c.Seed != "empty" || c.File != one || !cmp.Equal(c.Hosts, []string{"a.test", "192.0.2.1"}) {
		t.Errorf("by the environment: %+v, %v", c, err)
	}
	c, err = config.Load(config.Default(), config.Config{File: two}, map[string]bool{"config": true})
	if err != nil || c.Seed != "timesheets" || c.File != two {
		t.Errorf("by a flag: %+v, %v", c, err)
	}
}

func TestListInTheEnvironmentIsSeparatedByCommas(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("TENANT0_HOST", "a.test, b.test")
	c, err := config.Load(config.Default(), config.Config{}, nil)
	if err != nil || !cmp.Equal(c.Hosts, []string{"a.test", "b.test"}) {
		t.Errorf("got %q, %v", c.Hosts, err)
	}
}

func TestStrongerOfDataAndEphemeralWins(t *testing.T) {
	for _, tt := range []struct {
		name      string
		env, file string // of either
		flags     config.Config
		given     map[string]bool
		ephemeral bool
		err       string
	}{
		{name: "neither"},
		{name: "a flag for ephemeral against data in the environment", env: "data", flags: config.Config{Ephemeral: true}, given: map[string]bool{"ephemeral": true}, ephemeral: true},
		{name: "a flag for data against ephemeral in the environment", env: "ephemeral", flags: config.Config{Data: "/x"}, given: map[string]bool{"data": true}},
		{name: "the environment's data against ephemeral in the file", env: "data", file: "ephemeral: true"},
		{name: "both in the file", file: "ephemeral: true\ndata: /x", err: "exclude"},
		{name: "both as flags", flags: config.Config{Data: "/x", Ephemeral: true}, given: map[string]bool{"data": true, "ephemeral": true}, err: "exclude"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			switch tt.env {
			case "data":
				t.Setenv("TENANT0_DATA", "/x")
			case "ephemeral":
				t.Setenv("TENANT0_EPHEMERAL", "1")
			}
			t.Setenv("TENANT0_CONFIG", writeFile(t, tt.file))
			c, err := config.Load(config.Default(), tt.flags, tt.given)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), "data and ephemeral") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Ephemeral != tt.ephemeral || (c.Data == "") != tt.ephemeral || c.NoFsync != tt.ephemeral {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestStrongerOfStoreAndEphemeralWins(t *testing.T) {
	const url = "postgres://h/db"
	for _, tt := range []struct {
		name             string
		base, flags      config.Config
		given            map[string]bool
		env              string
		ephemeral, store bool
		refused          bool
	}{
		{name: "a store in the environment of exec", base: config.Config{Ephemeral: true}, env: url, store: true},
		{name: "a flag for ephemeral", flags: config.Config{Ephemeral: true}, given: map[string]bool{"ephemeral": true}, env: url, ephemeral: true},
		{name: "both flags", flags: config.Config{Ephemeral: true, Store: url}, given: map[string]bool{"ephemeral": true, "store": true}, refused: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv("TENANT0_STORE", tt.env)
			base := config.Default()
			base.Ephemeral = tt.base.Ephemeral
			c, err := config.Load(base, tt.flags, tt.given)
			if tt.refused != (err != nil) {
				t.Fatal(err)
			}
			if err == nil && (c.Ephemeral != tt.ephemeral || (c.Store == url) != tt.store || (c.Data == "") != tt.ephemeral) {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestPasswordsOfTheStoreAreNotFlags, because every user of a machine can read its command lines.
func TestPasswordsOfTheStoreAreNotFlags(t *testing.T) {
	clearEnvironment(t)
	for url, refused := range map[string]bool{
		"postgres://u@h/db":                      false,
		"postgres://u@h/db?sslmode=verify-full":  false,
		"postgres://u:secret@h/db":               true,
		"postgres://h/db?user=u&password=secret": true,
		"postgres://h/db?sslpassword=secret":     true,
	} {
		_, err := config.Load(config.Default(), config.Config{Store: url}, map[string]bool{"store": true})
		if refused != (err != nil) || err != nil && (strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "TENANT0_STORE")) {
			t.Errorf("--store %s: %v, want a refusal that says where the password goes: %v", url, err, refused)
		}
		t.Setenv("TENANT0_STORE", url)
		if c, err := config.Load(config.Default(), config.Config{}, nil); err != nil || c.Store != url {
			t.Errorf("TENANT0_STORE=%s: %q, %v", url, c.Store, err)
		}
		t.Setenv("TENANT0_STORE", "")
	}
}

func TestErrorsOfTheEnvironmentNameTheVariable(t *testing.T) {
	for variable, tt := range map[string]struct{ value, want string }{
		"TENANT0_EPHEMERAL":      {"maybe", `TENANT0_EPHEMERAL: "maybe" is neither true nor false`},
		"TENANT0_PASSWORD_COST":  {"high", `TENANT0_PASSWORD_COST: "high" is not a number; give for instance 6`},
		"TENANT0_SHUTDOWN_GRACE": {"soon", `TENANT0_SHUTDOWN_GRACE: "soon" is not a duration; give for instance 10s`},
		"TENANT0_CONFIG":         {"/nowhere.yaml", `configuration file: open /nowhere.yaml: no such file or directory`},
	} {
		t.Run(variable, func(t *testing.T) {
			clearEnvironment(t)
			t.Setenv(variable, tt.value)
			_, err := config.Load(config.Default(), config.Config{}, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestErrorsOfTheFileNameFileLineAndKey(t *testing.T) {
	for _, tt := range []struct{ name, file, want string }{
		{"an unknown key", "seed: empty\nlisten_on: x\n", `FILE:2: listen_on: unknown setting; did you mean "listen"?`},
		{"a key spelled in another way", "logLevel: info\n", `FILE:1: logLevel: unknown setting; did you mean "log-level"?`},
		{"another configuration file", "config: x.yaml\n", `FILE:1: config: unknown setting; the nearest of the settings is "control"`},
		{"a key twice", "seed: empty\nseed: empty\n", `FILE:2: seed: the setting is given twice; remove one`},
		{"no value", "listen:\n", `FILE:1: listen: it must be a text, a number, or a list of those`},
		{"a map", "listen: {port: 1}\n", `FILE:1: listen: it must be a text, a number, or a list of those`},
		{"a wrong value", "\nephemeral: sometimes\n", `FILE:2: ephemeral: "sometimes" is neither true nor false`},
		{"several", "a: 1\nno-fsync: 7\n", "FILE:1: a: unknown setting; the nearest of the settings is \"data\"\nFILE:2: no-fsync: \"7\" is neither true nor false"},
		{"a list", "- listen\n", `FILE:1: the file is not a map of settings; write for instance listen: 127.0.0.1:4400`},
		{"no YAML", "a: [\n", `configuration file FILE: yaml: line 1: did not find expected node content`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clearEnvironment(t)
			path := writeFile(t, tt.file)
			_, err := config.Load(config.Default(), config.Config{File: path}, map[string]bool{"config": true})
			if err == nil || strings.ReplaceAll(err.Error(), path, "FILE") != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestWrongValueInTheFileIsReportedThoughOverridden(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("TENANT0_CONFIG", writeFile(t, "password-cost: high\n"))
	t.Setenv("TENANT0_PASSWORD_COST", "8")
	if _, err := config.Load(config.Default(), config.Config{}, nil); err == nil {
		t.Error("no error")
	}
}

func TestControlURL(t *testing.T) {
	for _, tt := range []struct{ name, env, control, want, err string }{
		{name: "of the address", control: "127.0.0.1:4401", want: "http://127.0.0.1:4401"},
		{name: "of every interface", control: ":4401", want: "http://127.0.0.1:4401"},
		{name: "of every IPv4 interface", control: "0.0.0.0:4401", want: "http://127.0.0.1:4401"},
		{name: "of an IPv6 address", control: "[::1]:4401", want: "http://[::1]:4401"},
		{name: "of the environment", env: "http://server:9/", control: "127.0.0.1:4401", want: "http://server:9"},
		{name: "of a port that the server chooses", control: "127.0.0.1:0", err: "TENANT0_CONTROL_URL"},
		{name: "of no address", control: "4401", err: "control:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("TENANT0_CONTROL_URL", tt.env)
			c := config.Config{Control: tt.control}
			got, err := c.ControlURL()
			if got != tt.want || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestTrustedCAFiles(t *testing.T) {
	roots, extra := writeFile(t, "roots"), writeFile(t, "extra")
	for _, tt := range []struct {
		name, roots, extra string
		want               []string
	}{
		{"both", roots, extra, []string{roots, extra}},
		{"the same file twice", roots, roots, []string{roots}},
		{"files that are not there", "/nowhere/roots.pem", "/nowhere/extra.pem", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("SSL_CERT_FILE", tt.roots)
			t.Setenv("NODE_EXTRA_CA_CERTS", tt.extra)
			if diff := cmp.Diff(tt.want, config.TrustedCAFiles()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
