package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/deploy"
)

// importCommand imports a configuration, or users, into the tenant of a running
// server.
type importCommand struct {
	Path    string `arg:"" name:"path" type:"path" help:"Export of auth0-deploy-cli (folder or YAML), tenant file, or export of users (JSON or JSON lines)."`
	DryRun  bool   `name:"dry-run" help:"Show what would change, and change nothing."`
	Watch   bool   `name:"watch" help:"Import again whenever a file changes, until Ctrl-C."`
	Mapping string `name:"keywords" placeholder:"FILE" help:"auth0-deploy-cli's config.json, which gives keywords their values in AUTH0_KEYWORD_REPLACE_MAPPINGS. Environment variables override it: AUTH0_KEYWORD_REPLACE_MAPPINGS, and any variable with the name of a keyword."`
	Upsert  bool   `name:"upsert" help:"When importing users, also change those that exist already."`
	Users   string `name:"connection" placeholder:"NAME" default:"Username-Password-Authentication" help:"Connection into which users are imported."`
	URL     string `name:"url" placeholder:"URL" help:"URL of the server's control listener. Default: $$TENANT0_CONTROL_URL, or the control address."`
	File    string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Control string `name:"control" placeholder:"HOST:PORT" help:"The server's control address."`
}

// Help is the detailed text of --help.
func (importCommand) Help() string {
	return `A configuration is imported completely or not at all: an error in one object leaves the tenant unchanged. Parts that tenant0 does not support are skipped and listed with the reason. Objects that are in the tenant but not in the configuration are left unchanged, and so are secrets for which the configuration has only a marker without a value. The report says which secrets change, but does not show their values.

    a0deploy export -f yaml -o export
    tenant0 import --dry-run export
    tenant0 import --keywords config.json export/tenant.yaml
    tenant0 import --watch export
    tenant0 import users.ndjson`
}

// importReport is the server's answer to an import.
type importReport struct {
	Changes []struct {
		Action, Section, Name string
		Differences           []string
	}
	Skipped []struct{ Section, Name, Reason string }
	Kept    []struct{ Section, Name, Reason string }
	Users   map[string]int
	Errors  []json.RawMessage
}

// Run imports once, or with --watch after every change of the files.
func (c *importCommand) Run(parsed *kong.Context, t terminal) error {
	own := settings{File: c.File, Control: c.Control, Keywords: c.Mapping}
	control, err := findControl(c.URL, own, parsed)
	if err != nil {
		return err
	}
	cfg, err := own.loadBeside(parsed)
	if err != nil {
		return err
	}
	c.Mapping = cfg.Keywords // from the environment or the configuration file, if there is no such flag
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	seen, err := stamps(c.Path)
	if err != nil {
		return &failure{exitUsage, fmt.Errorf("configuration: %w", err)}
	}
	err = c.once(ctx, control, t)
	if !c.Watch {
		return err
	}
	tick := clock.Ticker(watchEvery)
	defer tick.Stop()
	for {
		if err != nil { // the mistake may be corrected while the command watches
			if _, err := fmt.Fprintln(t.stderr, "tenant0:", printableLines(err.Error())); err != nil {
				return err
			}
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
			now, err := stamps(c.Path)
			if err == nil && now != seen {
				seen = now
				break
			}
		}
		err = c.once(ctx, control, t)
	}
}

// watchEvery is how often the files are checked for changes.
const watchEvery = 250 * time.Millisecond

// stamps returns names, sizes and times of all files of a configuration, to
// notice changes.
func stamps(path string) (string, error) {
	var all strings.Builder
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(&all, name, info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return all.String(), err
}

// once reads the configuration and imports it.
func (c *importCommand) once(ctx context.Context, control controlClient, t terminal) error {
	keywords, err := config.Keywords(c.Mapping)
	if err != nil {
		return &failure{exitUsage, err}
	}
	configuration, err := tenantfile.LoadConfiguration(c.Path, keywords)
	if err != nil {
		return &failure{exitUsage, err}
	}
	body, err := json.Marshal(map[string]any{
		"sections": configuration.Sections, "users": configuration.Users, "dry_run": c.DryRun, "upsert": c.Upsert, "connection": c.Users,
	})
	if err != nil {
		return err
	}
	answer, err := control.post(ctx, "/import", body)
	if err != nil {
		for _, keyword := range configuration.Unset { // a missing value may be the cause
			fmt.Fprintln(t.stderr, printable(unset(keyword)))
		}
		return deploy.Located(configuration.Positions, "", err)
	}
	var report importReport
	if err := json.Unmarshal(answer, &report); err != nil {
		return fmt.Errorf("answer of the server: %w", err)
	}
	return report.print(t, configuration.Unset, c.DryRun)
}

// unset is the line about a keyword without a value.
func unset(keyword string) string {
	return fmt.Sprintf("unset   the keyword %s has no value; give one with --keywords or in the environment", keyword)
}

// print prints what changed, and what was skipped or kept.
func (r importReport) print(t terminal, keywords []string, dry bool) error {
	counts := map[string]int{}
	verb := ""
	if dry {
		verb = " would be"
	}
	var lines []string
	for _, c := range r.Changes {
		if counts[c.Action]++; c.Action != "unchanged" {
			lines = append(lines, fmt.Sprintf("%-7s %s %s", c.Action, c.Section, c.Name))
			for _, difference := range c.Differences {
				lines = append(lines, "        "+difference)
			}
		}
	}
	for _, s := range r.Skipped {
		lines = append(lines, fmt.Sprintf("skipped %s %s: %s", s.Section, s.Name, s.Reason))
	}
	for _, k := range r.Kept {
		lines = append(lines, fmt.Sprintf("kept    %s %s: %s", k.Section, k.Name, k.Reason))
	}
	for _, keyword := range keywords {
		lines = append(lines, unset(keyword))
	}
	if r.Users != nil {
		lines = append(lines, fmt.Sprintf("users: %d%s inserted, %d updated, %d failed", r.Users["inserted"], verb, r.Users["updated"], r.Users["failed"]))
	}
	for _, e := range r.Errors {
		lines = append(lines, "failed  "+string(e))
	}
	lines = append(lines, fmt.Sprintf("%d%s created, %d updated, %d unchanged", counts["create"], verb, counts["update"], counts["unchanged"]))
	for _, line := range lines {
		if _, err := fmt.Fprintln(t.stdout, printable(line)); err != nil {
			return err
		}
	}
	if len(r.Errors) > 0 {
		return errors.New("not every user could be imported")
	}
	return nil
}
