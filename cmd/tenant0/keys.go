package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

// keysCommands are the commands for the signing keys of the running server, or of a data
// folder if no server is running or --data is given.
type keysCommands struct {
	URL     string `name:"url" placeholder:"URL" help:"URL of the server's control listener. Default: $$TENANT0_CONTROL_URL, or the control address."`
	File    string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Control string `name:"control" placeholder:"HOST:PORT" help:"The server's control address."`
	Data    string `name:"data" xor:"data,url" placeholder:"DIR" help:"Data folder of a server that is not running."`

	List   keysListCommand   `cmd:"" help:"List the keys, beginning with the one that signs."`
	Rotate keysRotateCommand `cmd:"" help:"Start signing with the next key, and publish a new next key."`
	Revoke keysRevokeCommand `cmd:"" help:"Withdraw a previous key: tokens that it signed are no longer accepted."`
}

type (
	keysListCommand   struct{}
	keysRotateCommand struct{}
	keysRevokeCommand struct {
		KID string `arg:"" name:"kid" help:"Key id, as tenant0 keys list shows it."`
	}
)

// Help is the detailed text of --help.
func (keysRevokeCommand) Help() string {
	return `A key id may begin with a hyphen, so put it after --.

    tenant0 keys revoke -- KID`
}

// Run prints the keys.
func (keysListCommand) Run(c *keysCommands, parsed *kong.Context, t terminal) error {
	return c.with(parsed, func(ring signingKeys) error {
		all, err := ring.list()
		if err != nil {
			return err
		}
		return printKeys(t.stdout, all)
	})
}

// Run rotates the keys and prints them.
func (keysRotateCommand) Run(c *keysCommands, parsed *kong.Context, t terminal) error {
	return c.with(parsed, func(ring signingKeys) error {
		if err := ring.rotate(); err != nil {
			return err
		}
		all, err := ring.list()
		if err != nil {
			return err
		}
		return printKeys(t.stdout, all)
	})
}

// Run revokes one key.
func (r *keysRevokeCommand) Run(c *keysCommands, parsed *kong.Context, t terminal) error {
	return c.with(parsed, func(ring signingKeys) error {
		if err := ring.revoke(r.KID); err != nil {
			return fmt.Errorf("key %s: %w; tenant0 keys list shows the keys", r.KID, err)
		}
		_, err := fmt.Fprintf(t.stdout, "%s is revoked\n", r.KID)
		return err
	})
}

// signingKey is a key as the control listener sends it.
type signingKey struct {
	KID       string     `json:"kid"`
	Current   bool       `json:"current"`
	Next      bool       `json:"next"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at"`
}

func printKeys(w io.Writer, all []signingKey) error {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, k := range all {
		state := "previous"
		switch {
		case k.RevokedAt != nil:
			state = "revoked"
		case k.Current:
			state = "current"
		case k.Next:
			state = "next"
		}
		fmt.Fprintf(table, "%s\t%s\tmade %s\n", printable(k.KID), state, k.CreatedAt.UTC().Format(time.DateTime))
	}
	return table.Flush()
}

// signingKeys gives access to the keys of one tenant.
type signingKeys interface {
	list() ([]signingKey, error)
	rotate() error
	revoke(kid string) error
}

func (c *keysCommands) settings() settings {
	return settings{File: c.File, Control: c.Control, Data: c.Data}
}

// with runs fn on the keys that the flags select.
func (c *keysCommands) with(parsed *kong.Context, fn func(signingKeys) error) error {
	if c.Data == "" {
		control, err := findControl(c.URL, c.settings(), parsed)
		if err != nil {
			return err
		}
		// A server named by --url must answer; at the default address there may be none.
		if err = control.ready(context.Background()); err == nil || c.URL != "" {
			return errors.Join(err, fn(control))
		}
	}
	return c.withFolder(parsed, fn)
}

// withFolder runs fn on the keys of a data folder that no server uses.
func (c *keysCommands) withFolder(parsed *kong.Context, fn func(signingKeys) error) (err error) {
	cfg, err := loadFolder(c.settings(), parsed)
	if err != nil {
		return err
	}
	// Opening would create the file if it is missing, but only a tenant's existing keys
	// are wanted.
	file := filepath.Join(cfg.Data, config.DataFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no server answers, and there is no data folder: %w; start the server, or give its data folder with --data", err)
	}
	engine, err := bolt.Open(file, bolt.Options{NoSync: cfg.NoFsync})
	if errors.Is(err, bolt.ErrLocked) {
		return fmt.Errorf("%w; if a server uses the file, give the URL of its control listener with --url", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	db, err := storage.Open(engine)
	if err != nil {
		return fmt.Errorf("data file %s: %w", file, err)
	}
	issuer, err := url.Parse(cfg.IssuerAt(0))
	if err != nil {
		return err
	}
	now := clock.New().Now
	ring, err := keys.Open(db, issuer.Hostname(), now())
	if err != nil {
		return err
	}
	if err := ring.Complete(); err != nil {
		return err
	}
	return fn(storedKeys{ring, now})
}

// storedKeys are the keys of a data folder.
type storedKeys struct {
	ring *keys.Ring
	now  func() time.Time
}

func (s storedKeys) list() ([]signingKey, error) {
	var all []signingKey
	for _, k := range s.ring.List() {
		shown := signingKey{
			KID:       k.KeyID,
			Current:   !k.CurrentSince.IsZero() && k.CurrentUntil.IsZero(),
			Next:      k.CurrentSince.IsZero(),
			CreatedAt: k.CreatedAt,
		}
		if !k.RevokedAt.IsZero() {
			shown.RevokedAt = &k.RevokedAt
		}
		all = append(all, shown)
	}
	return all, nil
}

func (s storedKeys) rotate() error           { return s.ring.Rotate(s.now()) }
func (s storedKeys) revoke(kid string) error { return s.ring.Revoke(kid, s.now()) }

func (c controlClient) list() ([]signingKey, error) {
	body, err := c.do(context.Background(), http.MethodGet, "/keys")
	if err != nil {
		return nil, err
	}
	var all []signingKey
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, fmt.Errorf("keys of the server at %s: %w", c.url, err)
	}
	return all, nil
}

func (c controlClient) rotate() error {
	_, err := c.do(context.Background(), http.MethodPost, "/keys/rotate")
	return err
}

func (c controlClient) revoke(kid string) error {
	_, err := c.do(context.Background(), http.MethodDelete, "/keys/"+url.PathEscape(kid))
	return err
}
