// Package private writes files that contain secrets, such as an export of a tenant, so that only their owner can
// read them, and reports files that others can read.
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

// Write writes a file that only its owner can read, completely or not at all, and creates missing folders. An
// existing file or link is replaced: links are not followed, and wider permissions do not remain. A device, such as
// /dev/stdout, is written to directly.
func Write(name string, data []byte) error {
	if info, err := os.Stat(name); strings.HasPrefix(filepath.ToSlash(name), "/dev/") || err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return os.WriteFile(name, data, 0o600)
	}
	return WriteAll(filepath.Dir(name), map[string][]byte{filepath.Base(name): data})
}

// WriteAll writes files into a folder, each as Write does. The names are relative to the folder, with slashes. A
// name that leads out of the folder through a link is an error.
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

// writeInto writes a temporary file in the same folder and renames it.
func writeInto(root *os.Root, name string, data []byte) (err error) {
	if err := root.MkdirAll(path.Dir(name), 0o750); err != nil {
		return err
	}
	temporary := path.Join(path.Dir(name), fmt.Sprintf(".%d.tmp", os.Getpid()))
	file, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // left by a process that was killed
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

// FolderWarning returns a message if every user of the machine can replace the files in a folder with secrets, and how to
// correct that; it is empty if not, for a folder like /tmp whose files only their owners can replace, and on Windows.
func FolderWarning(name string) string {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o002 == 0 || info.Mode()&os.ModeSticky != 0 {
		return ""
	}
	return fmt.Sprintf("%s has the mode %04o, so that every user can replace the files in it; run: chmod o-w %s", name, info.Mode().Perm(), name)
}

// Warning returns a message if others than the owner can read or write a file with secrets, and how to correct
// that; it is empty if the file is private or does not exist, and on Windows, which has no such modes.
func Warning(name string) string {
	info, err := os.Stat(name)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("%s has the mode %04o, so that users other than its owner can read the keys in it; run: chmod 600 %s", name, info.Mode().Perm(), name)
}
