package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
)

// storeCommands are the commands for the places where tenants are stored.
type storeCommands struct {
	Copy storeCopyCommand `cmd:"" help:"Copy all tenants from a data folder to a database, or back."`
}

// storeCopyCommand copies tenants from one store to another.
type storeCopyCommand struct {
	From string `arg:"" name:"from" help:"Data folder, or URL of a PostgreSQL database, to copy from."`
	To   string `arg:"" name:"to" help:"Data folder, or URL of a PostgreSQL database, to copy to."`
}

// Help is the detailed text of --help.
func (storeCopyCommand) Help() string {
	return `Copies every tenant with all its data: users, applications, keys, sessions, log and snapshots. Stop the servers that use the source or the target first. Tenants at the target are left unchanged; if one of them has the name of a tenant to be copied, nothing is copied. Give a password in PGPASSWORD or in the file that PGPASSFILE names, not in the URL.

    tenant0 store copy ~/.local/share/tenant0 postgres://tenant0@db.example.test/tenant0
    tenant0 store copy postgres://tenant0@db.example.test/tenant0 ./data`
}

// Run copies the tenants and prints their names.
func (c *storeCopyCommand) Run(t terminal) error {
	for _, place := range []string{c.From, c.To} {
		if strings.Contains(place, "://") && config.StorePassword(place) {
			return &failure{exitUsage, errors.New("the URL holds a password, which everybody on this machine can read in the list of processes; " +
				"set PGPASSWORD instead, or write it to the file that PGPASSFILE names")}
		}
	}
	names, err := server.CopyStore(c.From, c.To)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := fmt.Fprintf(t.stdout, "copied %s\n", name); err != nil {
			return err
		}
	}
	return nil
}
