package ca

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/tenant0/tenant0/config/disk"
)

// openRoot returns the root stored in file. It makes one on first use, and
// replaces one that cannot serve n. The reason says why a root that clients may
// have trusted before is not the returned one.
func openRoot(file string, n names, now time.Time) (r root, reason string, err error) {
	r, err = loadRoot(file)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = makeRoot(file, machinePermits(), n, now, linkNew)
		if !errors.Is(err, fs.ErrExist) {
			return r, "the key of the previous one, " + file + ", was missing", err
		}
		// Another process has made one since.
		r, err = loadRoot(file)
	}
	if err != nil {
		return root{}, "", err
	}
	if reason = r.lacks(n, now); reason != "" {
		r, err = makeRoot(file, r.permits(), n, now, os.Rename)
		return r, reason, err
	}
	return r, "the previous one does not belong to the key in " + file, nil
}

// makeRoot makes a root for p and n and stores it in file.
func makeRoot(file string, p permits, n names, now time.Time, place placing) (root, error) {
	r, err := newRoot(p.with(n), now)
	if err != nil {
		return root{}, err
	}
	data, err := r.encode()
	if err != nil {
		return root{}, fmt.Errorf("certificate authority file %s: %w", file, err)
	}
	if err := write(file, data, 0o600, place); err != nil {
		return root{}, disk.Explain("certificate authority file", err)
	}
	return r, nil
}

// loadRoot reads the root stored in file.
func loadRoot(file string) (root, error) {
	data, err := read(file)
	if err != nil {
		return root{}, err
	}
	r, err := decodeRoot(data)
	if err != nil {
		return root{}, fmt.Errorf("certificate authority file %s is damaged: %w; restore it from a copy, or delete it to"+
			" have a new authority made, which programs then have to trust instead", file, err)
	}
	return r, nil
}

// read reads a file of the authority; if it does not exist, the error wraps
// fs.ErrNotExist.
func read(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate authority file: %w; make it a file that this user may read, or use another"+
			" data folder", err)
	}
	return data, nil
}

// retire renames the certificate file path if it holds another root than r, and
// returns its new name, or "" if it renamed nothing. A file without a
// certificate can stay, because nobody trusts it.
func retire(path string, r root) (string, error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return "", nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || cert.Equal(r.cert) {
		return "", nil //nolint:nilerr // see above
	}
	aside := filepath.Join(filepath.Dir(path), fmt.Sprintf("ca-%x.pem", cert.SerialNumber))
	if err := os.Rename(path, aside); err != nil {
		return "", disk.Explain("certificate authority file", err)
	}
	return aside, nil
}

// placing moves a finished file to its final name.
type placing func(from, to string) error

// linkNew is the placing that never replaces a file: it returns fs.ErrExist. If
// the file system has no hard links, it does replace.
func linkNew(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(from, to)
}

// write creates the file path with data, completely or not at all, and durably.
func write(path string, data []byte, mode fs.FileMode, place placing) error {
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // already gone, unless place linked it or a step failed
	defer temp.Close()
	if _, err := temp.Write(data); err != nil {
		return err
	}
	if err := temp.Chmod(mode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := place(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes a new file name in folder durable; Windows has no such call.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
