package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
)

// overHTTPS reports whether clients need the certificate authority at all.
func overHTTPS(s server.Summary) bool { return strings.HasPrefix(s.Issuer, "https://") }

// writeCABundle writes a file to folder with the authorities that programs
// trust already and the authority in caFile, so that a program that uses it
// still reaches other hosts.
func writeCABundle(folder, caFile string) (string, error) {
	var bundle []byte
	for _, file := range append(config.TrustedCAFiles(), caFile) {
		pem, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("certificate authorities: %w", err)
		}
		bundle = append(append(bundle, bytes.TrimSpace(pem)...), '\n')
	}
	path := filepath.Join(folder, "ca-bundle.pem")
	if err := os.WriteFile(path, bundle, 0o600); err != nil {
		return "", fmt.Errorf("certificate authorities: %w", err)
	}
	return path, nil
}
