package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// Exit statuses, as in shells; 0 is success. exec returns its command's status.
const (
	exitFailure    = 1
	exitUsage      = 2   // the command line or the configuration is wrong
	exitNotStarted = 126 // exec: the command cannot be executed
	exitNotFound   = 127 // exec: there is no such command
	exitSignal     = 128 // plus the signal that ended the command
)

// terminal is where a command writes: its result to stdout, and everything else
// to stderr.
type terminal struct{ stdout, stderr io.Writer }

// failure is an error with the exit status that it leads to. If err is nil,
// nothing more is printed.
type failure struct {
	status int
	err    error
}

func (f *failure) Error() string { return fmt.Sprintf("exit status %d: %v", f.status, f.err) }
func (f *failure) Unwrap() error { return f.err }

// misused is the failure of a command line that kong rejects.
func misused(err error) error {
	help := "tenant0 --help"
	if parsing, ok := errors.AsType[*kong.ParseError](err); ok && parsing.Context.Selected() != nil {
		help = parsing.Context.Selected().FullPath() + " --help"
	}
	return &failure{exitUsage, fmt.Errorf("%w\nrun %q to see the commands and flags", err, help)}
}

// report prints an error and returns the exit status.
func (t terminal) report(err error) int {
	if err == nil {
		return 0
	}
	status := exitFailure
	if f, ok := errors.AsType[*failure](err); ok {
		status, err = f.status, f.err
	}
	// Each problem in a tenant file begins with file name, line and column,
	// which editors and terminals turn into links.
	if tenant, ok := errors.AsType[*tenantfile.Error](err); ok {
		for _, line := range tenant.Lines() {
			fmt.Fprintln(t.stderr, printable(line))
		}
	} else if err != nil {
		fmt.Fprintln(t.stderr, "tenant0: "+strings.ReplaceAll(printableLines(err.Error()), "\n", "\n  "))
	}
	return status
}
