package postgres

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// reasons are error codes for which the database cannot be used, and what to do about them.
// %s is the database's name and %u the user's.
var reasons = []struct{ code, advice string }{
	{"3D000", `make it with "createdb %s", or name another one in the URL`},
	{"28P01", "the password is wrong; give the right one in TENANT0_STORE, PGPASSWORD or the file of PGPASSFILE"},
	{"28000", "the database does not let user %u in from here; check its pg_hba.conf, and sslmode in the URL"},
	{"42501", `let the user have tables of its own: "GRANT CREATE, USAGE ON SCHEMA public TO %u" in database %s, or name a schema of its own with search_path in the URL`},
	{"3F000", `no schema of the search path exists; make it with "CREATE SCHEMA", or take search_path out of the URL`},
	{"53300", "all connections of the database are in use; raise its max_connections, or lower pool_max_conns in the URL"},
	{"53100", "the disk of the database is full; make room on it; the stored data is unchanged"},
	{"53200", "the database has no memory left; give it more"},
	{"25006", "it can only be read; name the primary, or add target_session_attrs=read-write to the URL"},
	{"42P01", "its tables are gone; restart tenant0 to create them"},
	{"57P01", "it stops"},
	{"57P02", "it has crashed"},
	{"57P03", "it is starting or stopping"},
	{"57014", "it has not answered in time"},
	{"55P03", "another server has been changing this tenant for too long"},
	{"42704", "a setting of the session is unknown to it; a proxy in between (pgbouncer) has to pass on the settings of sessions"},
	{"08P01", "the program that answers does not speak PostgreSQL's protocol, or does not know a setting; a proxy in between (pgbouncer) has to pool by session and pass on settings"},
}

// away are the codes of errors that will pass: the database will be usable again.
var away = []string{"53300", "53200", "57P01", "57P02", "57P03", "57014", "55P03", "40001", "40P01", "25P03", "25006"}

// explain describes in plain words why a database cannot be used. If the reason may pass,
// the error wraps keyspace.ErrUnavailable.
func (d *Database) explain(err error) error {
	if err == nil || errors.Is(err, errExplained) || errors.Is(err, keyspace.ErrClosed) {
		return err
	}
	said := d.words(err)
	if _, of := errors.AsType[*pgconn.PgError](err); !of && passing(err) || of && isAway(err) {
		return explained{fmt.Errorf("%w: %w", keyspace.ErrUnavailable, said)}
	}
	return explained{said}
}

// explained marks an error whose text already says what to do.
type explained struct{ error }

func (e explained) Unwrap() error      { return e.error }
func (explained) Is(target error) bool { return target == errExplained }

var errExplained = errors.New("explained")

func isAway(err error) bool {
	of, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	return slices.Contains(away, of.Code) || of.Code[:2] == "08"
}

// words returns an error with advice. The texts of the library contain the names of user and
// database, but never the password.
func (d *Database) words(err error) error {
	if of, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, r := range reasons {
			if of.Code == r.code {
				advice := strings.NewReplacer("%s", d.config.Database, "%u", d.config.User).Replace(r.advice)
				return fmt.Errorf("database %s cannot be used: %w; %s", d.Place(), err, advice)
			}
		}
		return fmt.Errorf("database %s: %w", d.Place(), err)
	}
	advice := ""
	switch {
	case errors.Is(err, errOld):
		advice = "; upgrade it, or name another one in the URL"
	case errors.Is(err, errStandby):
		advice = "; name the primary, or add target_session_attrs=read-write to the URL"
	case errors.Is(err, storage.ErrFormat):
		advice = "; use the tenant0 that wrote it, or a newer one"
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		advice = "; nothing listens there: start the database, or correct host and port in the URL"
	case isNoHost(err):
		advice = "; there is no such host: correct the URL"
	case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		advice = "; it does not answer: check the network and the firewalls in between"
	case strings.Contains(err.Error(), "tls error"), strings.Contains(err.Error(), "x509"):
		advice = "; check sslmode and sslrootcert in the URL"
	}
	return fmt.Errorf("database %s cannot be used: %w%s", d.Place(), err, advice)
}

func isNoHost(err error) bool {
	lookup, ok := errors.AsType[*net.DNSError](err)
	return ok && lookup.IsNotFound
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// explainURL returns the error about a connection string without repeating the string, which
// may contain a password.
func explainURL(err error) error {
	cause := err
	if inner := errors.Unwrap(err); inner != nil {
		cause = inner
	}
	if parsing, ok := errors.AsType[*url.Error](cause); ok {
		cause = parsing.Err
	}
	return fmt.Errorf("store: the URL cannot be read (%s); give it as postgres://USER@HOST:PORT/DATABASE", withoutQuotes(cause.Error()))
}

// quoted matches a part of a message that repeats the input.
var quoted = regexp.MustCompile("(\"[^\"]*\"|`[^`]*`)")

func withoutQuotes(text string) string { return quoted.ReplaceAllString(text, "...") }
