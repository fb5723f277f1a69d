package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/config/seeds"
	"github.com/tenant0/tenant0/config/suggest"
)

// Config is the configuration of one server. Every field is a setting: a flag of the command line, an environment
// variable (see [EnvName]) and a key of the configuration file, all under the name in its tag. The default in a tag
// is applied by [Default]; the help text is for the command line.
type Config struct {
	// File is a YAML (or JSON) file with settings, so that a team can keep them beside its code. It cannot name
	// another file. Default: none.
	File string `name:"config" placeholder:"FILE" help:"YAML file with the settings below as keys, such as 'listen: 127.0.0.1:4400'."`

	// Seed is the tenant that an empty store starts with and that a reset restores: the name of an embedded tenant
	// (see [seeds.Names]), or the path of a tenant file or of the folder of an export, relative to the working
	// directory. Default: timesheets, so that a first start has something to log in to.
	Seed string `name:"seed" default:"timesheets" placeholder:"NAME|PATH" help:"Tenant to start with: timesheets, empty, a tenant file, or a folder exported by auth0-deploy-cli."`

	// Keywords is auth0-deploy-cli's configuration file, whose AUTH0_KEYWORD_REPLACE_MAPPINGS are the values of keywords
	// in the tenant file; see [Keywords] for where else they come from. Default: none.
	Keywords string `name:"keywords" placeholder:"FILE" help:"auth0-deploy-cli's config.json, which gives keywords their values in AUTH0_KEYWORD_REPLACE_MAPPINGS. Environment variables override it: AUTH0_KEYWORD_REPLACE_MAPPINGS, and any variable with the name of a keyword."`

	// Data is the folder of the store and the certificate authority, created if it is missing. Default: one folder
	// per user, so that a developer's data and trusted authority are there again at the next start, from whichever
	// directory: $XDG_DATA_HOME/tenant0, or ~/.local/share/tenant0; on Windows %LocalAppData%\tenant0.
	Data string `name:"data" placeholder:"DIR" help:"Folder to keep everything in. Default: $XDG_DATA_HOME/tenant0 or ~/.local/share/tenant0."`

	// Store is the URL of a PostgreSQL database that stores the tenants instead of files in the data folder, which
	// then holds only the certificate authority. Several servers may use it at once. What the URL leaves out is
	// taken from the usual PG... variables. It excludes Ephemeral. The flag must not contain a password, since
	// everybody on a machine can read command lines. Default: none.
	Store string `name:"store" placeholder:"URL" help:"PostgreSQL database to keep the tenants in, postgres://USER@HOST:PORT/DATABASE, which several servers may share. Do not put a password into the flag, but into the environment variable, PGPASSWORD or the configuration file."`

	// Tenants is a folder of tenant files, and of folders of auth0-deploy-cli's. Each is another tenant besides the
	// first, named like the file and with a port of its own. Default: none.
	Tenants string `name:"tenants" placeholder:"FOLDER" help:"Folder of tenant files: the server runs a further tenant for each of them, on a port of its own."`

	// Ephemeral keeps the data in memory, and the certificates in a temporary folder that is removed at the end,
	// for tests. It excludes Data and implies NoFsync, since the data is not needed again. Default: false, so that
	// nothing is lost by surprise.
	Ephemeral bool `name:"ephemeral" help:"Keep the data in memory, and the certificates in a temporary folder that is removed at the end."`

	// Listen is the HOST:PORT for applications and browsers, which may use HTTPS or plain HTTP on it. Port 0 takes
	// a free one. Default: the loopback interface, because the tenant's passwords and secrets are fixed and well
	// known.
	Listen string `name:"listen" default:"127.0.0.1:4400" placeholder:"HOST:PORT" help:"Address for applications and browsers; port 0 takes a free one."`

	// Control is the HOST:PORT of the control listener, for health checks, tests and tenant0's own commands. Anyone
	// who can reach it can reset the tenant. Port 0 takes a free one. Default: the loopback interface.
	Control string `name:"control" default:"127.0.0.1:4401" placeholder:"HOST:PORT" help:"Address for health checks, tests and the commands; port 0 takes a free one."`

	// Issuer is the URL by which applications know the tenant, and the issuer in every token. It is configured and
	// never taken from a request, so that no Host header can forge it. Default: https://localhost:PORT/ with the
	// port of Listen; see [Config.IssuerAt].
	Issuer string `name:"issuer" placeholder:"URL" help:"URL that applications know the tenant by. Default: https://localhost:PORT/."`

	// Hosts are further DNS names and IP addresses for the HTTPS certificate, besides those of the machine itself
	// and of Issuer. Default: none, to keep small what the certificate authority can vouch for.
	Hosts []string `name:"host" placeholder:"NAME" help:"Further DNS name or IP address for the HTTPS certificate; may be repeated."`

	// AllowedHosts are further names by which the tenant may be addressed, besides localhost, the issuer's host,
	// Hosts and the tenant's custom domains: for example the name of a reverse proxy that passes its own name on,
	// or of the service in a container network. *.example.com stands for every name below example.com. Requests to
	// any other name are refused, because a web page may have made the browser send them (DNS rebinding). Default:
	// none.
	AllowedHosts []string `name:"allowed-host" variable:"TENANT0_ALLOWED_HOSTS" placeholder:"NAME" help:"Further host name that the tenant answers to, such as that of a proxy or a container, or *.NAME; may be repeated."`

	// NoFsync ends commits without waiting for the disk. The data then survives the end of the process, but not a
	// crash of the machine. Default: false; true makes a CI run faster.
	NoFsync bool `name:"no-fsync" help:"Do not wait for the disk: faster, and safe unless the machine itself crashes."`

	// PasswordCost is the bcrypt cost of new password hashes, 4 to 15; each step doubles the time of a first login
	// (after which the password is remembered). Default: 6, about 3 ms, because logins in development should be
	// quick and their passwords are not secret. Auth0's own is 10; imported hashes keep their cost.
	PasswordCost int `name:"password-cost" default:"6" placeholder:"N" help:"Bcrypt cost of new password hashes, 4 to 15."`

	// MaxImportSize bounds the file of POST /api/v2/jobs/users-imports, in bytes. Default: 512000, Auth0's 500 KB,
	// Auth0: manage-users/user-migration/bulk-user-imports, so that files which Auth0 refuses are refused here.
	// Until their job runs, the users are stored on the disk and not in memory.
	MaxImportSize int `name:"max-import-size" default:"512000" placeholder:"BYTES" help:"Largest file of users that a job imports, in bytes; the default is Auth0's 500 KB."`

	// ShutdownGrace is how long requests in progress may go on when the server is told to stop. 0 ends them at
	// once. Default: 10 s, the time that container engines wait before they kill a process.
	ShutdownGrace time.Duration `name:"shutdown-grace" default:"10s" placeholder:"DURATION" help:"How long requests in progress may take to finish when the server is stopped."`

	// Upstream says which of the identity providers whose addresses a connection names are contacted: none, those
	// at loopback addresses, or all. Every other provider is simulated. Default: loopback, because an exported
	// tenant names providers on the internet, which a test should not contact, and a provider on this machine was
	// named on purpose.
	Upstream string `name:"upstream" default:"loopback" placeholder:"WHICH" help:"Identity providers that the server contacts at the address in their connection, instead of simulating them: none, loopback (those on this machine) or all."`

	// Assets is a folder with the developer's own copies of files that a tenant's login page loads from Auth0's
	// servers, such as lock.min.js and auth0.min.js, under the same names: the tenant then serves these copies to
	// its pages. Default: none, since the files belong to the page's author, and this program contains nothing of
	// Auth0's.
	Assets string `name:"assets" placeholder:"FOLDER" help:"Folder with your copies of lock.min.js, auth0.min.js and the like; login pages then load these instead of the files on cdn.auth0.com."`

	// LogLevel is the lowest severity that is logged: debug, info, warn or error. Default: info.
	LogLevel string `name:"log-level" default:"info" placeholder:"LEVEL" help:"Least severe level to log: debug, info, warn or error."`

	// LogFormat is the form of the log: text for people or json for programs. Default: text.
	LogFormat string `name:"log-format" default:"text" placeholder:"FORMAT" help:"Form of the log on stderr: text or json."`
}

// Files of the data folder.
const (
	DataFile = "tenant0.db" // the store of the first tenant
	// TenantsFolder contains the stores of the other tenants.
	TenantsFolder = "tenants"
	CAFile        = "ca.pem" // the certificate of the authority, for clients
	CAKeyFile     = "ca.key" // the authority and its key
)

// Bounds of PasswordCost: the lowest cost of bcrypt, and the highest that people would wait for.
const (
	minPasswordCost = 4
	maxPasswordCost = 15
)

// mostImport is the largest MaxImportSize, in bytes: 1 GiB.
const mostImport = 1 << 30

var (
	upstreams  = []string{"none", "loopback", "all"}
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"text", "json"}
)

// Validate reports every wrong setting, each with its cause and remedy. It also normalizes the right ones: the
// issuer gets its trailing slash, the data folder becomes absolute, and an ephemeral server sets NoFsync.
func (c *Config) Validate() error {
	c.NoFsync = c.NoFsync || c.Ephemeral
	return errors.Join(
		c.validateData(),
		c.validateStore(),
		c.validateAddresses(),
		c.validateIssuer(),
		c.validateAllowedHosts(),
		c.validateNumbers(),
		oneOf("upstream", c.Upstream, upstreams),
		oneOf("log-level", c.LogLevel, logLevels),
		oneOf("log-format", c.LogFormat, logFormats),
	)
}

func (c *Config) validateData() error {
	switch {
	case c.Seed == "":
		return fmt.Errorf("seed: it is empty; name a tenant file or one of the embedded tenants, %s", strings.Join(seeds.Names(), " and "))
	case c.Ephemeral && c.Data != "":
		return errExclusive
	case !c.Ephemeral && c.Data == "":
		return errors.New("data: this user has no home folder for the default; give --data DIR, or --ephemeral to keep nothing")
	case c.Ephemeral:
		return nil
	}
	// The path goes to clients, which run in other working directories.
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return fmt.Errorf("data: %w; give an absolute path", err)
	}
	c.Data = data
	return nil
}

// validateStore refuses a store that is not a database. Its errors do not repeat the URL, which may contain a
// password.
func (c *Config) validateStore() error {
	switch {
	case c.Store == "":
		return nil
	case c.Ephemeral:
		return errStoreEphemeral
	case !strings.HasPrefix(c.Store, "postgres://") && !strings.HasPrefix(c.Store, "postgresql://"):
		return errors.New("store: the value is not the URL of a PostgreSQL database; give it as postgres://USER@HOST:PORT/DATABASE, or leave it out to keep" +
			" the data in a folder")
	}
	return nil
}

// StorePassword reports whether the URL of a database contains a password, in any of the places where one is
// allowed.
func StorePassword(store string) bool {
	u, err := url.Parse(store)
	if err != nil {
		return true // assume that it does
	}
	_, has := u.User.Password()
	return has || u.Query().Has("password") || u.Query().Has("sslpassword")
}

var errStoreEphemeral = errors.New("store and ephemeral cannot be used together, because an ephemeral server keeps its data in memory; leave one out")

var errExclusive = errors.New("data and ephemeral cannot be used together, because an ephemeral server keeps its data in memory; leave one out")

func (c *Config) validateAddresses() error {
	_, listenPort, err := splitAddress("listen", c.Listen)
	if err != nil {
		return err
	}
	_, _, err = splitAddress("control", c.Control)
	if err != nil {
		return err
	}
	if c.Listen == c.Control && listenPort != 0 {
		return fmt.Errorf("control: %s is also the address of listen; give one of them another port", c.Control)
	}
	return nil
}

// splitAddress parses a HOST:PORT. The host may be empty, which stands for every interface.
func splitAddress(knob, address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = parsePort(text)
	}
	if err != nil {
		return "", 0, fmt.Errorf("%s: %q is not HOST:PORT with a port of 0 to 65535; give for instance 127.0.0.1:4400, or"+
			" port 0 for a free one", knob, address)
	}
	return host, port, nil
}

func parsePort(text string) (int, error) {
	port, err := strconv.ParseUint(text, 10, 16)
	return int(port), err
}

// validateIssuer requires what OpenID Connect Discovery 1.0, section 3 does (no query, no fragment), and Auth0's
// form: no path but the final slash.
func (c *Config) validateIssuer() error {
	if c.Issuer == "" {
		return nil
	}
	u, err := url.Parse(c.Issuer)
	cause := ""
	switch {
	case err != nil:
		// url.Error repeats the whole URL, which the message contains already.
		if parsing, ok := errors.AsType[*url.Error](err); ok {
			err = parsing.Err
		}
		cause = "is not a URL: " + err.Error()
	case u.Scheme != "https" && u.Scheme != "http":
		cause = "does not begin with https:// or http://"
	case u.User != nil:
		cause = "has a user name"
	case u.Hostname() == "" || !validPort(u):
		cause = "has no host that applications could reach"
	case strings.ContainsAny(c.Issuer, "?#"):
		cause = "has a query or a fragment"
	case u.Path != "" && u.Path != "/":
		cause = "has a path, but a tenant is always at the root of its host"
	default:
		c.Issuer = u.Scheme + "://" + strings.ToLower(u.Host) + "/"
		return nil
	}
	return fmt.Errorf("issuer: %q %s; give scheme and host alone, such as https://localhost:4400/", c.Issuer, cause)
}

// validPort reports whether a URL names a valid port, or no port; url.Parse accepts any number.
func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	port, err := parsePort(u.Port())
	return err == nil && port != 0
}

// validateAllowedHosts refuses what cannot be the name in a Host header field, and a wildcard for all names.
func (c *Config) validateAllowedHosts() error {
	for _, host := range c.AllowedHosts {
		if !hostPattern.MatchString(host) && net.ParseIP(host) == nil {
			return fmt.Errorf("allowed-host: %q is not a host name; give it without scheme and port, an international name in its"+
				" xn-- form, and a wildcard only as the first label, such as *.example.com", host)
		}
	}
	return nil
}

// hostPattern matches a host name (RFC 1123, section 2.1), also with underscores as container names have them.
var hostPattern = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$`)

func (c *Config) validateNumbers() error {
	if c.PasswordCost < minPasswordCost || c.PasswordCost > maxPasswordCost {
		return fmt.Errorf("password-cost: %d is not between %d and %d; Auth0 uses 10, and 6 is faster", c.PasswordCost,
			minPasswordCost, maxPasswordCost)
	}
	if c.MaxImportSize < 1 || c.MaxImportSize > mostImport {
		return fmt.Errorf("max-import-size: %d is not between 1 and %d bytes; Auth0's limit is 512000", c.MaxImportSize, mostImport)
	}
	if c.ShutdownGrace < 0 {
		return fmt.Errorf("shutdown-grace: %s is negative; give for instance 10s, or 0s to stop at once", c.ShutdownGrace)
	}
	return nil
}

func oneOf(knob, value string, allowed []string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s: %q is unknown; %s", knob, value, suggest.For(value, allowed, "values"))
}

// IssuerAt returns the issuer of a server whose listener has the port: the configured one, or https://localhost.
func (c *Config) IssuerAt(port int) string {
	switch {
	case c.Issuer != "":
		return c.Issuer
	case port == 443:
		return "https://localhost/"
	default:
		return "https://localhost:" + strconv.Itoa(port) + "/"
	}
}

// FurtherIssuerAt returns the issuer of a tenant other than the first, whose listener has the port: the first
// tenant's issuer with this port.
func (c *Config) FurtherIssuerAt(port int) string {
	first, err := url.Parse(c.IssuerAt(port))
	if err != nil {
		return c.IssuerAt(port)
	}
	further := url.URL{Scheme: first.Scheme, Host: net.JoinHostPort(first.Hostname(), strconv.Itoa(port)), Path: "/"}
	return further.String()
}

// CertificateHosts returns the names that the HTTPS certificate must cover besides those of the machine itself:
// Hosts and the issuer's host.
func (c *Config) CertificateHosts() []string {
	hosts := slices.Clone(c.Hosts)
	if u, err := url.Parse(c.Issuer); err == nil && u.Hostname() != "" {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}
