package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config/private"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/resource"
)

// exportCommand writes the tenant of a running server into files.
type exportCommand struct {
	Path    string `arg:"" name:"path" type:"path" help:"Folder to write into; with the formats tenant and users, the file to write."`
	Format  string `name:"format" enum:"directory,yaml,tenant,users" default:"directory" help:"directory or yaml: as auth0-deploy-cli writes them; tenant: a tenant file; users: the users as JSON lines."`
	IDs     bool   `name:"ids" help:"Write the ids of objects too. A tenant file has them in any case, as far as it can hold them."`
	URL     string `name:"url" placeholder:"URL" help:"URL of the server's control listener. Default: $$TENANT0_CONTROL_URL, or the control address."`
	File    string `name:"config" placeholder:"FILE" help:"YAML file with the server's settings."`
	Control string `name:"control" placeholder:"HOST:PORT" help:"The server's control address."`
}

// Help is the detailed text of --help.
func (exportCommand) Help() string {
	return `tenant0 import can read the result. Secrets are not written: each is replaced by a marker ##KEYWORD##, or by _VALUE_NOT_SHOWN_ in actions and hooks; client secrets and the values of rules configs are left out. The command lists the keywords. When you import the files, tenant0 import --keywords gives the keywords their values; a secret without a value is left unchanged in the tenant. Users are written with the hashes of their passwords and with their full metadata. Whatever a format cannot hold is listed with the reason.

    tenant0 export tenant
    tenant0 export --format yaml tenant
    tenant0 export --format users users.ndjson
    tenant0 export --format tenant tenant.yaml && tenant0 start --seed tenant.yaml`
}

// exportedTenant is the server's answer to an export.
type exportedTenant struct {
	Issuer   string                `json:"issuer"`
	Sections tenantfile.Document   `json:"sections"`
	Users    []tenantfile.Document `json:"users"`
	Keywords []string              `json:"keywords"` // markers for secrets
	// Extension is the data of the Authorization Extension.
	Extension tenantfile.Document `json:"authorizationExtension"`
	// LeftOut names what the format cannot hold, each with the reason.
	LeftOut []string `json:"left_out"`
}

// Run exports the tenant.
func (c *exportCommand) Run(parsed *kong.Context, t terminal) error {
	control, err := findControl(c.URL, settings{File: c.File, Control: c.Control}, parsed)
	if err != nil {
		return err
	}
	query := map[string]string{"directory": "?", "yaml": "?", "tenant": "?users=true&ids=true", "users": "?users=only"}[c.Format]
	if c.IDs {
		query += "&ids=true"
	}
	answer, err := control.send(context.Background(), http.MethodGet, "/export"+query, http.NoBody)
	if err != nil {
		return err
	}
	var tenant exportedTenant
	if err := json.Unmarshal(answer, &tenant); err != nil {
		return fmt.Errorf("answer of the server: %w", err)
	}
	var said string
	switch c.Format {
	case "users":
		said, err = tenant.writeUsers(c.Path)
	case "tenant":
		said, err = tenant.writeTenant(c.Path)
	default:
		if tenant.Extension != nil {
			tenant.LeftOut = append(tenant.LeftOut, "the store of the Authorization Extension: --format tenant writes it")
		}
		tenant.withoutInvitations()
		var files []string
		files, err = tenantfile.WriteConfiguration(c.Path, tenant.Sections, c.Format == "yaml")
		said = count(len(files), "file")
	}
	if err != nil {
		return err
	}
	for _, line := range tenant.LeftOut {
		if _, err := fmt.Fprintln(t.stdout, "left out "+printable(line)); err != nil {
			return err
		}
	}
	for _, keyword := range tenant.Keywords {
		if _, err := fmt.Fprintf(t.stdout, "keyword %s stands for a secret\n", keyword); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(t.stdout, "%s: %s\n", c.Path, said)
	return err
}

// writeUsers writes the users as JSON lines, in the form that an import of users
// accepts.
func (e *exportedTenant) writeUsers(path string) (string, error) {
	var lines []string
	for _, user := range e.Users {
		id, _ := user["user_id"].(string)
		if !strings.HasPrefix(id, "auth0|") {
			e.LeftOut = append(e.LeftOut, "user "+id+": only users of database connections can be imported")
			continue
		}
		if email, _ := user["email"].(string); email == "" {
			e.LeftOut = append(e.LeftOut, "user "+id+": users without an e-mail address cannot be imported")
			continue
		}
		for _, member := range slices.Sorted(maps.Keys(user)) {
			_, taken := resource.ImportedUser.Fields[member]
			if slices.Contains(notOfUsers, member) {
				e.LeftOut = append(e.LeftOut, member+" of user "+id+": --format tenant writes them")
			}
			if !taken && member != "connection" {
				delete(user, member)
			}
		}
		raw, err := json.Marshal(user)
		if err != nil {
			return "", err
		}
		lines = append(lines, string(raw)+"\n")
	}
	return count(len(lines), "user"), writeFile(path, []byte(strings.Join(lines, "")))
}

// notOfUsers are the members of a user that an import of users does not accept, although
// they are part of the configuration.
var notOfUsers = []string{"identities", "organizations", "permissions", "roles"}

// withoutInvitations leaves out invitations, which auth0-deploy-cli has no key for.
func (e *exportedTenant) withoutInvitations() {
	list, _ := e.Sections["organizations"].([]any)
	for _, item := range list {
		if organization, ok := item.(tenantfile.Document); ok && organization["invitations"] != nil {
			delete(organization, "invitations")
			e.LeftOut = append(e.LeftOut, fmt.Sprintf("the invitations to organization %v: --format tenant writes them", organization["name"]))
		}
	}
}

// writeTenant writes a tenant file, if a tenant file can hold the tenant.
func (e *exportedTenant) writeTenant(path string) (string, error) {
	file := tenantfile.Document{}
	for _, section := range slices.Sorted(maps.Keys(e.Sections)) {
		if !tenantfile.HasSection(section) {
			e.LeftOut = append(e.LeftOut, section+": a tenant file has no such section; --format yaml writes it")
			continue
		}
		file[section] = e.Sections[section]
	}
	if e.Extension != nil {
		file["authorizationExtension"] = e.Extension
	}
	if len(e.Users) > 0 {
		list := make([]any, len(e.Users))
		for i, user := range e.Users {
			list[i] = user
		}
		file["users"] = list
	}
	for _, section := range []string{"resourceServers", "databases", "connections", "clientGrants"} {
		list, _ := file[section].([]any)
		for _, item := range list {
			if doc, ok := item.(tenantfile.Document); ok {
				delete(doc, "id")
			}
		}
	}
	left := tenantfile.Fit(file)
	e.LeftOut = append(e.LeftOut, left...)
	file, _ = tenantfile.PlaceIssuer(file, e.Issuer).(tenantfile.Document)
	raw, err := tenantfile.Marshal(file)
	if err != nil {
		return "", err
	}
	if _, err := tenantfile.Parse(filepath.Base(path), raw); err != nil {
		return "", errors.Join(errors.New("the tenant does not fit into a tenant file; --format yaml writes all of it"), err)
	}
	e.Keywords = slices.DeleteFunc(e.Keywords, func(keyword string) bool { return !strings.Contains(string(raw), "##"+keyword+"##") })
	return count(len(e.Users), "user"), writeFile(path, raw)
}

// writeFile writes a file that only its owner can read, because it may contain password
// hashes.
func writeFile(path string, raw []byte) error {
	if err := private.Write(path, raw); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
