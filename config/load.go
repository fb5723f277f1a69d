package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tenant0/tenant0/config/suggest"
)

// envPrefix begins the name of every environment variable of the project.
const envPrefix = "TENANT0_"

// EnvName returns the environment variable of a setting: TENANT0_LOG_LEVEL for log-level, unless its tag names
// another. An empty variable counts as not set, and the items of a list are separated by commas.
func EnvName(knob string) string {
	for _, k := range knobsOf(&Config{}) {
		if variable := k.tag.Get("variable"); k.name == knob && variable != "" {
			return variable
		}
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(knob, "-", "_"))
}

// IsSetting reports whether the server has a setting with the name.
func IsSetting(name string) bool {
	return slices.ContainsFunc(knobsOf(&Config{}), func(k knob) bool { return k.name == name })
}

// Default returns the configuration of a server without flags, environment variables or a configuration file.
func Default() Config {
	c := Config{Data: dataFolder()}
	for _, k := range knobsOf(&c) {
		if text, ok := k.tag.Lookup("default"); ok {
			if err := k.parse([]string{text}); err != nil {
				panic("config: default of " + k.name + ": " + err.Error()) // a mistake in a tag of Config
			}
		}
	}
	return c
}

// Load returns base, usually [Default], changed by the settings of three sources: those of flags that given names,
// then those of the environment, then those of the configuration file, which flags or environment name. The first
// source that has a setting decides it. The result is valid; an error names the setting and where it was set.
func Load(base, flags Config, given map[string]bool) (Config, error) {
	c := base
	set := map[string]source{}
	from := knobsOf(&flags)
	for i, k := range knobsOf(&c) {
		if given[k.name] {
			k.value.Set(from[i].value)
			set[k.name] = fromFlag
		} else if text := os.Getenv(EnvName(k.name)); text != "" {
			if err := k.parse(strings.Split(text, ",")); err != nil {
				return Config{}, fmt.Errorf("%s: %w", EnvName(k.name), err)
			}
			set[k.name] = fromEnvironment
		}
	}
	if c.File != "" {
		if err := c.readFile(set); err != nil {
			return Config{}, err
		}
	}
	if err := c.choose(set); err != nil {
		return Config{}, err
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// source says where a setting was set; a stronger source has a larger number.
type source int

const (
	fromBase source = iota
	fromFile
	fromEnvironment
	fromFlag
)

// choose resolves conflicts of ephemeral with data and with store in favour of the stronger source, so that a flag
// for one overrides an environment variable for the other. It refuses a password that others can read.
func (c *Config) choose(set map[string]source) error {
	if set["store"] == fromFlag && StorePassword(c.Store) {
		return errors.New("store: the flag holds a password, which everybody on this machine can read in the list of processes; set " +
			EnvName("store") + " or PGPASSWORD instead, or write it to the configuration file or the file that PGPASSFILE names")
	}
	if c.Ephemeral && c.Store != "" {
		switch store, ephemeral := set["store"], set["ephemeral"]; {
		case store > ephemeral:
			c.Ephemeral, c.Data = false, cmp.Or(c.Data, dataFolder())
		case store < ephemeral:
			c.Store = ""
		default:
			return errStoreEphemeral
		}
	}
	if c.Ephemeral && c.Data != "" {
		switch data, ephemeral := set["data"], set["ephemeral"]; {
		case data > ephemeral:
			c.Ephemeral = false
		case data < ephemeral || data == fromBase:
			c.Data = ""
		default:
			return errExclusive
		}
	}
	return nil
}

// knob is one field of a Config, that is, one setting.
type knob struct {
	name  string
	tag   reflect.StructTag
	value reflect.Value
}

func knobsOf(c *Config) []knob {
	var knobs []knob
	for field, value := range reflect.ValueOf(c).Elem().Fields() {
		knobs = append(knobs, knob{field.Tag.Get("name"), field.Tag, value})
	}
	return knobs
}

// parse sets the knob from text: from one item, or from any number for a list.
func (k knob) parse(items []string) (err error) {
	if list, ok := reflect.TypeAssert[*[]string](k.value.Addr()); ok {
		*list = nil
		for _, item := range items {
			*list = append(*list, strings.TrimSpace(item))
		}
		return nil
	}
	text := strings.Join(items, ",")
	switch target := k.value.Addr().Interface().(type) {
	case *string:
		*target = text
	case *bool:
		if *target, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
	case *int:
		if *target, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%q is not a number; give for instance %s", text, k.tag.Get("default"))
		}
	case *time.Duration:
		if *target, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("%q is not a duration; give for instance %s", text, k.tag.Get("default"))
		}
	}
	return nil
}

// readFile sets the settings of the configuration file that no stronger source has set. It reports everything that
// is wrong with the file, line by line.
func (c *Config) readFile(set map[string]source) error {
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("configuration file %s: %w", c.File, err)
	}
	if len(document.Content) == 0 {
		return nil // An empty file sets nothing.
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: the file is not a map of settings; write for instance listen: 127.0.0.1:4400", c.File, root.Line)
	}
	var problems []error
	for i := 0; i < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if err := c.setFromFile(key.Value, value, set); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %s: %w", c.File, key.Line, key.Value, err))
		}
	}
	return errors.Join(problems...)
}

func (c *Config) setFromFile(key string, value *yaml.Node, set map[string]source) error {
	knobs := knobsOf(c)[1:] // A file cannot name another file.
	i := slices.IndexFunc(knobs, func(k knob) bool { return k.name == key })
	if i < 0 {
		var names []string
		for _, k := range knobs {
			names = append(names, k.name)
		}
		return fmt.Errorf("unknown setting; %s", suggest.For(key, names, "settings"))
	}
	items, err := scalars(value)
	switch {
	case err != nil:
		return err
	case set[key] == fromFile:
		return errors.New("the setting is given twice; remove one")
	case set[key] > fromFile:
		// A stronger source has decided, but a wrong value is reported now, not only after that source is removed.
		var scratch Config
		return knobsOf(&scratch)[1:][i].parse(items)
	}
	set[key] = fromFile
	return knobs[i].parse(items)
}

// scalars returns the texts of a value, or of the items of a list.
func scalars(node *yaml.Node) ([]string, error) {
	nodes := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		nodes = node.Content
	}
	var texts []string
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
			return nil, errors.New("it must be a text, a number, or a list of those")
		}
		texts = append(texts, n.Value)
	}
	return texts, nil
}

// dataFolder returns the user's own folder for tenant0, according to the XDG Base Directory Specification 0.8 (a
// relative XDG_DATA_HOME must be ignored); empty for a user without a home directory.
func dataFolder() string {
	base := os.Getenv("XDG_DATA_HOME")
	if runtime.GOOS == "windows" {
		base = os.Getenv("LocalAppData")
	}
	if !filepath.IsAbs(base) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		base = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(base, "tenant0")
}

// TestStore says where tests store the data of the servers that they start: "" for files, or "postgres" for a
// PostgreSQL server that the tests start themselves.
func TestStore() string { return os.Getenv(envPrefix + "TEST_STORE") }

// ControlURLVariable holds the URL of a running server's control listener; tenant0 exec sets it for its command.
const ControlURLVariable = envPrefix + "CONTROL_URL"

// ControlURL returns the URL of the running server's control listener for the commands: TENANT0_CONTROL_URL,
// otherwise the address in Control.
func (c *Config) ControlURL() (string, error) {
	if configured := os.Getenv(ControlURLVariable); configured != "" {
		return strings.TrimSuffix(configured, "/"), nil
	}
	host, port, err := splitAddress("control", c.Control)
	if err != nil {
		return "", err
	}
	if port == 0 {
		return "", fmt.Errorf("control: the port that the server chose for %s is not known to this command; set %s to the control URL that the server"+
			" printed", c.Control, ControlURLVariable)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // An unspecified address cannot be connected to.
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// systemCAFiles are the files with the trusted certificate authorities of Debian and Alpine, Fedora, openSUSE,
// macOS and the BSDs.
var systemCAFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// TrustedCAFiles returns the PEM files of the certificate authorities that a program started from here trusts
// already: the file in SSL_CERT_FILE, or else the system's, and the file in NODE_EXTRA_CA_CERTS. Files that cannot
// be read are left out.
func TrustedCAFiles() []string {
	roots := systemCAFiles
	if configured := os.Getenv("SSL_CERT_FILE"); configured != "" {
		roots = []string{configured}
	}
	var files []string
	if i := slices.IndexFunc(roots, readable); i >= 0 {
		files = append(files, roots[i])
	}
	if extra := os.Getenv("NODE_EXTRA_CA_CERTS"); extra != "" && readable(extra) && !slices.Contains(files, extra) {
		files = append(files, extra)
	}
	return files
}

func readable(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	return file.Close() == nil
}
