package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/private"
	"github.com/tenant0/tenant0/keys/ca"
	"github.com/tenant0/tenant0/server/clock"
)

// caCommands are the commands for the certificate authority of a data folder.
// All but untrust create the authority if it does not exist yet, so that it can
// be trusted before the first start.
type caCommands struct {
	File string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Data string `name:"data" placeholder:"DIR" help:"The server's data folder."`

	Path    caPathCommand    `cmd:"" help:"Print the path of the certificate, for NODE_EXTRA_CA_CERTS and the like."`
	Print   caPrintCommand   `cmd:"" help:"Print the certificate (PEM)."`
	Trust   caTrustCommand   `cmd:"" help:"Add the certificate to the trust stores of the system, browsers and Java."`
	Untrust caUntrustCommand `cmd:"" help:"Remove the certificate from those trust stores."`
}

type (
	caPathCommand    struct{}
	caPrintCommand   struct{}
	caTrustCommand   struct{}
	caUntrustCommand struct{}
)

// Run prints the path of the certificate.
func (caPathCommand) Run(c *caCommands, parsed *kong.Context, t terminal) error {
	authority, err := c.authority(parsed)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.stdout, authority.Path())
	return err
}

// Run prints the certificate.
func (caPrintCommand) Run(c *caCommands, parsed *kong.Context, t terminal) error {
	authority, err := c.authority(parsed)
	if err != nil {
		return err
	}
	_, err = t.stdout.Write(authority.PEM())
	return err
}

// Run adds the certificate to the trust stores.
func (caTrustCommand) Run(c *caCommands, parsed *kong.Context, t terminal) error {
	authority, err := c.authority(parsed)
	if err != nil {
		return err
	}
	if warning := private.Warning(filepath.Join(filepath.Dir(authority.Path()), config.CAKeyFile)); warning != "" {
		return fmt.Errorf("the certificate was not added to the trust stores, because its key is not secret: %s", warning)
	}
	outcomes, err := ca.Trust(authority.Path())
	return t.printOutcomes("trusts "+authority.Path(), outcomes, err)
}

// Run removes the certificate and its predecessors from the trust stores.
func (caUntrustCommand) Run(c *caCommands, parsed *kong.Context, t terminal) error {
	cfg, err := loadFolder(settings{File: c.File, Data: c.Data}, parsed)
	if err != nil {
		return err
	}
	path := filepath.Join(cfg.Data, config.CAFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no certificate authority to remove: %w; give the data folder with --data", err)
	}
	outcomes, err := ca.Untrust(path)
	return t.printOutcomes("does not trust "+path, outcomes, err)
}

// printOutcomes prints the result for each trust store.
func (t terminal) printOutcomes(done string, outcomes []ca.Outcome, err error) error {
	for _, o := range outcomes {
		if o.Skipped == "" {
			fmt.Fprintf(t.stdout, "%s: %s\n", o.Store, done)
		} else {
			fmt.Fprintf(t.stdout, "%s: not changed: %s\n", o.Store, o.Skipped)
		}
	}
	return err
}

// authority opens or creates the certificate authority.
func (c *caCommands) authority(parsed *kong.Context) (*ca.Authority, error) {
	cfg, err := loadFolder(settings{File: c.File, Data: c.Data}, parsed)
	if err != nil {
		return nil, err
	}
	return ca.Open(cfg.Data, cfg.CertificateHosts(), clock.New().Now)
}

// loadFolder returns the configuration of a server that keeps its data in a
// folder, and refuses one that is ephemeral.
func loadFolder(flags settings, parsed *kong.Context) (config.Config, error) {
	cfg, err := flags.load(config.Default(), parsed)
	if err == nil && cfg.Ephemeral {
		err = &failure{exitUsage, errors.New("ephemeral: the data of an ephemeral server is removed when it stops; give the folder of another server with --data DIR")}
	}
	return cfg, err
}
