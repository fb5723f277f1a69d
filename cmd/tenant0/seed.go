package main

import (
	"fmt"

	"github.com/tenant0/tenant0/config"
)

// seedCommands work with tenant files.
type seedCommands struct {
	Check seedCheckCommand `cmd:"" help:"Check a tenant file and list all that is wrong with it, by line."`
}

type seedCheckCommand struct {
	File string `arg:"" help:"Tenant file (YAML or JSON), or the name of an embedded tenant."`
}

// Help is the detail of --help.
func (seedCheckCommand) Help() string {
	return `Exits with 0 when a server would start with the file. What it would do without is listed as a warning.

    tenant0 seed check tenant.yaml`
}

// Run checks the file.
func (c *seedCheckCommand) Run(t terminal) error {
	tenant, err := config.LoadTenant(c.File)
	if err != nil {
		return err
	}
	for _, warning := range tenant.Warnings {
		fmt.Fprintln(t.stderr, "warning: "+warning)
	}
	_, err = fmt.Fprintf(t.stdout, "%s: ok: %s, %s, %s, %s\n", c.File, count(len(tenant.Clients), "application"),
		count(len(tenant.ResourceServers), "API"), count(len(tenant.Databases)+len(tenant.Connections), "connection"),
		count(len(tenant.Users), "user"))
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
