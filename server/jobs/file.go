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

// Limits for a batch of users, which is in memory at one time and written in one transaction. A batch ends
// when either limit is reached, and has at least one user.
const (
	batchUsers = 500
	batchBytes = 1 << 20
)

// maxUser bounds one user in a file, with the blanks before it, in bytes: it is as much as the Management API takes for
// a user. The decoder has the whole user in memory.
const maxUser = 1 << 20

// Prefix and suffix of the names of files that wait for their job. Between them are the name of the worker,
// since several servers may share the folder, and a random number.
const (
	filesBegin = "users-import-"
	filesEnd   = ".json"
)

var (
	// ErrSyntax reports a file that is not a JSON list.
	ErrSyntax = errors.New("not valid JSON")
	// ErrEmpty reports a file with an empty list.
	ErrEmpty = errors.New("the file has no users")
)

// File is a JSON list of users that waits on the disk for its job. It is not kept in memory because an import
// may be large.
type File struct {
	path   string
	users  int
	worker storage.Worker // the worker that does the job
}

// Keep writes a list of users to a file, for Start. The job removes the file; if no job is started, the
// caller must call Remove. Errors wrap ErrSyntax or ErrEmpty, or are from reading users or writing the file.
func (r *Runner) Keep(users io.Reader) (kept *File, err error) {
	kept = &File{worker: r.DB.Worker(working)}
	if _, err := kept.worker.Hold(); err != nil {
		return nil, err
	}
	file, err := os.CreateTemp(r.Folder, filesBegin+kept.worker.Name+"-*"+filesEnd) // mode 0600: it contains password hashes
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

// Remove removes the file and gives up its worker.
func (f *File) Remove() {
	f.delete()
	f.worker.Release()
}

// delete removes the file. If that fails, the next start removes it.
func (f *File) delete() { _ = os.Remove(f.path) }

// batches reads the users in batches.
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

// removeFiles removes the files of workers that are gone.
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

// batches reads a JSON list in batches. An error ends the iteration.
func batches(list io.Reader) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		limit := &limited{Reader: withoutMark(list), end: maxUser}
		dec := json.NewDecoder(limit)
		open, err := dec.Token()
		if err == nil && open != nil && open != json.Delim('[') {
			err = fmt.Errorf("%w: the users are not a list", ErrSyntax)
		}
		for err == nil && open != nil && dec.More() {
			var part []any
			if part, err = next(dec, limit); err == nil && !yield(part, nil) {
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

// withoutMark skips the byte order mark that editors on Windows write before JSON, RFC 8259 section 8.1.
func withoutMark(list io.Reader) io.Reader {
	r := bufio.NewReader(list)
	if mark, _ := r.Peek(len("\ufeff")); string(mark) == "\ufeff" {
		_, _ = r.Discard(len(mark)) // it was read already
	}
	return r
}

// limited is a reader that must not be read any further once end was reached. The decoder reads on only as long as it
// has no whole value.
type limited struct {
	io.Reader
	read, end int64
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.read > l.end {
		return 0, fmt.Errorf("%w: a user has more than %d bytes", ErrSyntax, maxUser)
	}
	n, err := l.Reader.Read(p)
	l.read += int64(n)
	return n, err
}

// next reads the next batch of a list.
func next(dec *json.Decoder, limit *limited) (part []any, err error) {
	from := dec.InputOffset()
	for len(part) < batchUsers && dec.InputOffset()-from < batchBytes {
		if limit.end = dec.InputOffset() + maxUser; !dec.More() {
			break
		}
		var user any
		if err := dec.Decode(&user); err != nil {
			return nil, err
		}
		part = append(part, user)
	}
	return part, nil
}

// ended returns an error if anything follows the list.
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

// syntax converts errors about the JSON to errors that wrap ErrSyntax; errors of the reader are returned
// unchanged.
func syntax(err error) error {
	fault, malformed := errors.AsType[*json.SyntaxError](err)
	outside, large := errors.AsType[*json.UnmarshalTypeError](err) // such as 1e400: all else fits into any
	switch {
	case large:
		return fmt.Errorf("%w: the %s is out of range", ErrSyntax, outside.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: Unexpected end of JSON input", ErrSyntax)
	case malformed:
		return fmt.Errorf("%w: Unexpected token %sin JSON", ErrSyntax, unexpected(fault))
	}
	return err
}

// unexpected returns the unexpected character that a syntax error reports, followed by a space, or "" if the
// error reports none.
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
