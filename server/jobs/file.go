package jobs

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// How much of a file is in memory at a time and written in one transaction: as many users
// as either allows, and one in any case.
const (
	batchUsers = 500
	batchBytes = 1 << 20
)

// The names of the files that wait for their job: between these the worker that has the file, since
// several servers may have the folder, and a number.
const (
	filesBegin = "users-import-"
	filesEnd   = ".json"
)

var (
	// ErrSyntax reports a file that is no list in JSON.
	ErrSyntax = errors.New("not valid JSON")
	// ErrEmpty reports a file with a list of nobody.
	ErrEmpty = errors.New("the file has no users")
)

// File is a list of users, in JSON, that waits on the disk for its job: an import may be
// larger than the memory that one would want to give it.
type File struct {
	path   string
	users  int
	worker storage.Worker // does the job that it is for
}

// Keep writes a list of users to a file, for Start. What it returns is removed by the job,
// or else by Remove. Errors wrap ErrSyntax or ErrEmpty, or are those of users and of the
// disk.
func (r *Runner) Keep(users io.Reader) (kept *File, err error) {
	kept = &File{worker: r.DB.Worker(working)}
	if _, err := kept.worker.Hold(); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(r.Folder, filesBegin+kept.worker.Name+"-*"+filesEnd) // 0600: it has hashes of passwords
	if err != nil {
		kept.worker.Release()
		return nil, fmt.Errorf("keep the users of an import: %w", err)
	}
	kept.path = file.Name()
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			kept.Remove()
			kept = nil
		}
	}()
	out := bufio.NewWriter(file)
	for part, err := range batches(io.TeeReader(users, out)) {
		if err != nil {
			return kept, err
		}
		kept.users += len(part)
	}
	if kept.users == 0 {
		return kept, ErrEmpty
	}
	return kept, out.Flush()
}

// Remove removes the file when nobody is to read it any more.
func (f *File) Remove() {
	f.delete()
	f.worker.Release()
}

// delete removes the file. One that stays is removed at the next start.
func (f *File) delete() { _ = os.Remove(f.path) }

// batches reads the users a part at a time.
func (f *File) batches() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		file, err := os.Open(f.path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		batches(file)(yield)
	}
}

// removeFiles removes the files of workers that have ended.
func (r *Runner) removeFiles() error {
	all, err := filepath.Glob(filepath.Join(r.Folder, filesBegin+"*"+filesEnd))
	if err != nil {
		return err
	}
	for _, path := range all {
		worker, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(path), filesBegin), "-")
		ended, err := r.DB.Ended(working, worker)
		if err != nil {
			return err
		}
		if ended {
			(&File{path: path}).delete()
		}
	}
	return nil
}

// batches reads a list a part at a time. An error ends it.
func batches(list io.Reader) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		dec := json.NewDecoder(list)
		open, err := dec.Token()
		if err == nil && open != nil && open != json.Delim('[') {
			err = fmt.Errorf("%w: the users are not a list", ErrSyntax)
		}
		for err == nil && open != nil && dec.More() {
			var part []any
			if part, err = next(dec); err == nil && !yield(part, nil) {
				return
			}
		}
		if err == nil && open != nil {
			_, err = dec.Token() // the closing bracket
		}
		if err == nil {
			err = ended(dec)
		}
		if err != nil {
			yield(nil, syntax(err))
		}
	}
}

// next reads the next part of a list.
func next(dec *json.Decoder) (part []any, err error) {
	from := dec.InputOffset()
	for dec.More() && len(part) < batchUsers && dec.InputOffset()-from < batchBytes {
		var user any
		if err := dec.Decode(&user); err != nil {
			return nil, err
		}
		part = append(part, user)
	}
	return part, nil
}

// ended sees that nothing comes after the list.
func ended(dec *json.Decoder) error {
	_, err := dec.Token()
	switch {
	case err == nil:
		return fmt.Errorf("%w: there is more after the list of users", ErrSyntax)
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// syntax has an error wrap ErrSyntax, unless it is one of the reader's own.
func syntax(err error) error {
	fault, malformed := errors.AsType[*json.SyntaxError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: Unexpected end of JSON input", ErrSyntax)
	case malformed:
		return fmt.Errorf("%w: Unexpected token %sin JSON", ErrSyntax, unexpected(fault))
	}
	return err
}

// unexpected is the character that JSON does not have there, with a space, or nothing where the error does not tell.
func unexpected(fault *json.SyntaxError) string {
	rest, _ := strings.CutPrefix(fault.Error(), "invalid character ")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return ""
	}
	character, err := strconv.Unquote(quoted)
	if err != nil {
		return ""
	}
	return character + " "
}
