package server

import (
	"fmt"
	"net"
	"path/filepath"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/private"
	"github.com/tenant0/tenant0/server/tenant"
)

// Summary is the information that is needed to use the server and its tenants.
type Summary struct {
	tenant.Summary
	Addr, ControlURL, CAPath, Data string
	// Further are all tenants but the default tenant.
	Further []Further
}

// Further is a tenant other than the default tenant.
type Further struct{ Name, Issuer string }

// Summary returns the summary that is printed after the start.
func (s *Server) Summary() Summary { return s.summary }

// summarize collects the summary of the process and its tenants.
func (s *Server) summarize() {
	first := s.tenants.first()
	sum := Summary{Summary: first.Summary(), Addr: s.Addr(), ControlURL: s.ControlURL(), CAPath: s.CAPath(), Data: s.data}
	if s.database != nil {
		sum.Data = s.database.Place()
	}
	if warning := private.FolderWarning(s.data); warning != "" {
		sum.Warnings = append(sum.Warnings, warning)
	}
	for _, name := range []string{config.CAKeyFile, config.DataFile} { // the data file holds the keys that sign tokens
		if warning := private.Warning(filepath.Join(s.data, name)); warning != "" {
			sum.Warnings = append(sum.Warnings, warning)
		}
	}
	if notice := s.ca.Notice(); notice != "" {
		sum.Warnings = append(sum.Warnings, notice)
	}
	if sum.FixedSecrets && !loopback(sum.Addr) {
		sum.Warnings = append(sum.Warnings, fmt.Sprintf(
			"the tenant file's fixed client secrets are known to everyone, and the server listens on %s, which others can reach; "+
				"listen on 127.0.0.1, or leave client_secret out of the file, so that secrets are generated", sum.Addr))
	}
	for _, d := range s.tenants.List()[1:] {
		sum.Further = append(sum.Further, Further{d.Name, d.Issuer})
	}
	s.summary = sum
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
