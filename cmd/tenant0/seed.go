package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/tenant"
)

// seedCommands are the commands for tenant files.
type seedCommands struct {
	Check seedCheckCommand `cmd:"" help:"Check a tenant file and list its mistakes with their line numbers."`
}

type seedCheckCommand struct {
	Path     string `arg:"" name:"path" help:"Tenant file (YAML or JSON), folder exported by auth0-deploy-cli, or name of an embedded tenant."`
	Keywords string `name:"keywords" placeholder:"FILE" help:"auth0-deploy-cli's config.json, which gives keywords their values in AUTH0_KEYWORD_REPLACE_MAPPINGS. Environment variables override it: AUTH0_KEYWORD_REPLACE_MAPPINGS, and any variable with the name of a keyword."`
	File     string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
}

// Help is the detailed text of --help.
func (seedCheckCommand) Help() string {
	return `The exit status is 0 if a server would start with the file. Warnings list what the server would leave out or not run.

    tenant0 seed check tenant.yaml
    tenant0 seed check --keywords config.json export/`
}

// Run checks the file.
func (c *seedCheckCommand) Run(parsed *kong.Context, t terminal) error {
	cfg, err := settings{File: c.File, Keywords: c.Keywords}.loadBeside(parsed)
	if err != nil {
		return err
	}
	keywords, err := config.Keywords(cfg.Keywords)
	if err != nil {
		return &failure{exitUsage, err}
	}
	file, err := tenantfile.Load(c.Path, keywords)
	if err != nil {
		return err
	}
	if wrong := deploy.CheckUsers(file); len(wrong) > 0 {
		for i, err := range wrong {
			wrong[i] = fmt.Errorf("%s: %w", c.Path, err)
		}
		return errors.Join(wrong...)
	}
	skipped, err := tenant.TryFile(file)
	if err != nil {
		return deploy.Located(file.Positions, c.Path, err)
	}
	for _, warning := range slices.Concat(file.Warnings, deploy.CodeOf(file), skipped) {
		fmt.Fprintln(t.stderr, "warning: "+printable(warning))
	}
	_, err = fmt.Fprintf(t.stdout, "%s: ok: %s, %s, %s, %s\n", c.Path, count(len(file.Clients), "application"),
		count(len(file.ResourceServers), "API"), count(len(file.Databases)+len(file.Connections), "connection"),
		count(len(file.Users), "user"))
	return err
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
