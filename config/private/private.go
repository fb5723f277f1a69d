// Package private writes files that hold secrets, such as an export of a tenant, so that only their owner may read them, and
// tells which files others may read.
package private

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Write writes a file that only its owner may read, whole or not at all, and makes the folders on the way to it. A
// file or a link that is there gives way to it: no link is followed, and no wider mode stays. What is a device, such as
// /dev/stdout, is written to.
func Write(name string, data []byte) error {
	if info, err := os.Stat(name); strings.HasPrefix(filepath.ToSlash(name), "/dev/") || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return os.WriteFile(name, data, 0o600)
	}
	return WriteAll(filepath.Dir(name), map[string][]byte{filepath.Base(name): data})
}

// WriteAll writes files into a folder, by their names from it on with slashes, each as Write does. A name
// that links lead out of the folder is an error.
func WriteAll(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := writeInto(root, name, files[name]); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", filepath.Join(folder, filepath.FromSlash(name)), err), root.Close())
		}
	}
	return root.Close()
}

// writeInto writes a new file beside the name and moves it there.
func writeInto(root *os.Root, name string, data []byte) (err error) {
	if err := root.MkdirAll(path.Dir(name), 0o750); err != nil {
		return err
	}
	temporary := path.Join(path.Dir(name), fmt.Sprintf(".%d.tmp", os.Getpid()))
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // of a process that was killed
		if err := root.Remove(temporary); err != nil {
			return err
		}
		file, err = root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
}

// Warning says of a file with secrets that others than its owner may read or write it, and how to mend that; it is empty
// for a file that is private or not there. Windows has other means.
func Warning(name string) string {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("%s has the mode %04o, so that others than its owner can read the keys in it; run: chmod 600 %s", name, info.Mode().Perm(), name)
}
