package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/smallstep/truststore"
)

// Outcome is the result of changing one trust store.
type Outcome struct {
	Store   string // the programs that read the store
	Skipped string // why the store was not changed; empty if it is as requested
}

// Trust adds the root certificate in the file path (Path of an Authority) to the
// trust stores of this machine: those of the system, of Firefox and Chromium
// (NSS), and of Java. On some systems sudo asks for a password.
//
// If one store cannot be changed, Trust still changes the others: the outcomes
// name the stores that are now as requested and those that were skipped, and the
// error says for each other store what went wrong and what to do.
func Trust(path string) ([]Outcome, error) {
	return changeStores([]string{path}, func(s store, path string, cert *x509.Certificate) error {
		if err := s.add(path, cert); err != nil {
			return fmt.Errorf("trust store of %s: %w; %s, or do it by hand: %s", s.name, cause(err), s.remedy,
				ByHand(path))
		}
		return nil
	})
}

// Untrust removes the root certificate in the file path, and those that Open has
// replaced and stored beside it, from the trust stores. It returns the same as
// Trust.
func Untrust(path string) ([]Outcome, error) {
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(path), "ca-*.pem"))
	if err != nil {
		return nil, fmt.Errorf("replaced certificate authorities: %w", err)
	}
	return changeStores(append(paths, path), func(s store, path string, cert *x509.Certificate) error {
		if err := s.remove(path, cert); err != nil {
			return fmt.Errorf("trust store of %s: %w; %s, or remove %q from it by hand", s.name, cause(err), s.remedy,
				cert.Subject.CommonName)
		}
		return nil
	})
}

// ByHand describes how to make this system, or a single program, trust the root
// certificate in the file path without Trust.
func ByHand(path string) string {
	var system string
	switch runtime.GOOS {
	case "darwin":
		system = "sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain " + path
	case "windows":
		system = "certutil -addstore -f ROOT " + path
	default:
		system = "copy " + path + " to /usr/local/share/ca-certificates/tenant0.crt and run update-ca-certificates" +
			" (Debian, Alpine), or to /etc/pki/ca-trust/source/anchors/tenant0.pem and run update-ca-trust (Fedora)"
	}
	return system + "; a single program takes it from NODE_EXTRA_CA_CERTS=" + path + " (Node) or SSL_CERT_FILE=" + path +
		" (Go, OpenSSL, curl, Python)"
}

// store is one trust store of this machine.
type store struct {
	name        string
	skipped     string // why the store cannot be changed; empty if it can
	remedy      string // what to do if a change fails
	add, remove func(path string, cert *x509.Certificate) error
}

// stores lists the trust stores that the library knows, whether or not they
// exist.
func stores() []store {
	system := store{
		name:   "the system",
		remedy: "run it as root",
		add:    func(path string, _ *x509.Certificate) error { return truststore.InstallFile(path) },
		remove: func(path string, _ *x509.Certificate) error {
			// Only on Windows is it an error if there is nothing to remove.
			if err := truststore.UninstallFile(path); !errors.Is(err, truststore.ErrNotFound) {
				return err
			}
			return nil
		},
	}
	java := store{name: "Java", remedy: "run it as root"}
	if keytool, err := truststore.NewJavaTrust(); err != nil {
		java.skipped = "JAVA_HOME does not name a Java installation"
	} else {
		java.add, java.remove = unlessThere(keytool), keytool.Uninstall
	}
	return []store{system, browserStore(), java}
}

// browserStore is the NSS store that Firefox and Chromium use, in all of the
// user's profiles.
func browserStore() store {
	s := store{name: "Firefox and Chromium", remedy: "close the browser and run it again"}
	nss, err := truststore.NewNSSTrust()
	switch {
	case errors.Is(err, truststore.ErrTrustNotSupported):
		s.skipped = "Chromium uses the trust store of the system; for Firefox, allow that in its settings"
		return s
	case err != nil:
		s.skipped = `certutil is missing: install it ("` + truststore.CertutilInstallHelp + `") and run this again`
		return s
	}
	found := false
	_ = eachProfile(nss, func() error { found = true; return nil })
	if !found {
		s.skipped = "neither has a profile; start the browser once and run this again"
	}
	s.add = func(path string, cert *x509.Certificate) error {
		return eachProfile(nss, func() error { return unlessThere(nss)(path, cert) })
	}
	s.remove = func(path string, cert *x509.Certificate) error {
		return eachProfile(nss, func() error { return nss.Uninstall(path, cert) })
	}
	return s
}

// eachProfile makes the change in each place where browsers keep profiles. The
// library knows the usual places of Firefox and the older one of Chromium, and
// can use one other place at a time.
func eachProfile(nss *truststore.NSSTrust, change func() error) error {
	usual := truststore.NSSProfile
	defer func() { truststore.NSSProfile = usual }()
	places := []string{usual}
	if home, err := os.UserHomeDir(); err == nil && runtime.GOOS == "linux" {
		places = append(places,
			home+"/.local/share/pki/*", // Chromium, if there is no ~/.pki
			home+"/.config/mozilla/firefox/*",
			home+"/snap/firefox/common/.mozilla/firefox/*",
			home+"/snap/chromium/current/.pki/*")
	}
	var errs []error
	for _, place := range places {
		truststore.NSSProfile = place
		if nss.PreCheck() == nil {
			errs = append(errs, change())
		}
	}
	return errors.Join(errs...)
}

// unlessThere returns the addition to t, which fails for a certificate that t
// already has.
func unlessThere(t truststore.Trust) func(string, *x509.Certificate) error {
	return func(path string, cert *x509.Certificate) error {
		if t.Exists(cert) {
			return nil
		}
		return t.Install(path, cert)
	}
}

// changeStores makes a change for each certificate file in each store.
func changeStores(paths []string, change func(store, string, *x509.Certificate) error) ([]Outcome, error) {
	var (
		outcomes []Outcome
		errs     []error
	)
	for _, s := range stores() {
		if s.skipped != "" {
			outcomes = append(outcomes, Outcome{s.name, s.skipped})
			continue
		}
		before := len(errs)
		for _, path := range paths {
			cert, err := truststore.ReadCertificate(path)
			if err != nil {
				return outcomes, fmt.Errorf("certificate authority file %s: %w; start the server once to create it", path, err)
			}
			if err := change(s, path, cert); err != nil {
				errs = append(errs, err)
			}
		}
		if len(errs) == before {
			outcomes = append(outcomes, Outcome{Store: s.name})
		}
	}
	return outcomes, errors.Join(errs...)
}

// cause adds to an error of the library the output of the command that failed,
// without the certificate that tee prints.
func cause(err error) error {
	ran, ok := errors.AsType[*truststore.CmdError](err)
	if !ok {
		return err
	}
	said, _, _ := strings.Cut(string(ran.Out()), "-----BEGIN ")
	return fmt.Errorf("%s: %w: %s", strings.Join(ran.Cmd().Args, " "), ran.Err(), strings.TrimSpace(said))
}
