package main

import (
	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
)

// commands is the command line.
type commands struct {
	Start   startCommand   `cmd:"" help:"Start the server and print what a client needs to know."`
	Exec    execCommand    `cmd:"" help:"Start a server, run a command that uses it, and stop the server when the command ends."`
	Health  healthCommand  `cmd:"" help:"Ask the running server whether it is ready."`
	Doctor  doctorCommand  `cmd:"" help:"Explain why the tenant accepts or refuses an application's request."`
	Seed    seedCommands   `cmd:"" help:"Work with tenant files."`
	Import  importCommand  `cmd:"" help:"Import a configuration or users into the running tenant."`
	Export  exportCommand  `cmd:"" help:"Export the running tenant's configuration or users into files."`
	CA      caCommands     `cmd:"" name:"ca" help:"Make programs trust the server's HTTPS certificate."`
	Store   storeCommands  `cmd:"" help:"Copy tenants between a data folder and a database."`
	Keys    keysCommands   `cmd:"" help:"List, rotate and revoke the keys that sign tokens."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const description = `tenant0 is an authorization server for development that answers as an Auth0 tenant does: change the domain and nothing else.

Start a tenant with users, applications and an API, and log in to it:

    tenant0 start

Run tests against a server that is started for them and removed afterwards:

    tenant0 exec -- npm test
    tenant0 exec --seed tenant.yaml -- go test ./...

Check a tenant file, and start a server with it:

    tenant0 seed check tenant.yaml
    tenant0 start --seed tenant.yaml --data .tenant0

Import the configuration of a real Auth0 tenant into the running tenant:

    tenant0 import --dry-run export/
    tenant0 import export/

Export the running tenant into files, for auth0-deploy-cli or for the next start:

    tenant0 export export/
    tenant0 export --format tenant tenant.yaml

Serve the tenant at https://acme.example.test/ (put the name into /etc/hosts):

    tenant0 start --listen :443 --issuer https://acme.example.test/

Keep the tenant in a PostgreSQL database, which several servers may use:

    tenant0 start --store postgres://tenant0@db.example.test/tenant0

Make browsers trust the server, or only one program:

    tenant0 ca trust
    NODE_EXTRA_CA_CERTS=$(tenant0 ca path) node app.js

Exit status: 0 done, 1 failed, 2 wrong command line or configuration.`

func options(t terminal) []kong.Option {
	return []kong.Option{
		kong.Name("tenant0"),
		kong.Description(description),
		kong.Writers(t.stdout, t.stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ValueFormatter(helpText),
	}
}

// helpText is the help of an argument or a flag. For a flag it includes the default, and for a setting of the server
// the environment variable with the same effect.
func helpText(value *kong.Value) string {
	if value.Flag == nil {
		return value.Help
	}
	help := value.Help
	if value.HasDefault {
		help += " Default: " + value.Default + "."
	}
	if config.IsSetting(value.Name) {
		help += " ($" + config.EnvName(value.Name) + ")"
	}
	return help
}

// settings are the flags of a server, one for each setting in config.Config. The type has the fields of
// config.Config but none of its methods, because kong would call Validate before environment and file are read.
type settings config.Config

// load completes the flags of a command line with the environment and the configuration file, and with base for
// everything that none of them sets.
func (s settings) load(base config.Config, parsed *kong.Context) (config.Config, error) {
	cfg, err := config.Load(base, config.Config(s), given(parsed))
	if err != nil {
		return config.Config{}, &failure{exitUsage, err}
	}
	return cfg, nil
}

// loadBeside is load for a command that runs no server: it does not require a home for a data folder, which an
// empty container may not have.
func (s settings) loadBeside(parsed *kong.Context) (config.Config, error) {
	base := config.Default()
	base.Ephemeral = true
	return s.load(base, parsed)
}

// given returns the names of the flags on the command line.
func given(parsed *kong.Context) map[string]bool {
	names := map[string]bool{}
	for _, step := range parsed.Path {
		if step.Flag != nil {
			names[step.Flag.Name] = true
		}
	}
	return names
}
