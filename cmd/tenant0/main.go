// Command tenant0 is the only binary: the server, a way to run a command with a
// server of its own, and the tools around them. This package handles the
// command line, output, exit statuses and signals. Package config defines the
// settings, and package server everything that a server does.
package main

import (
	"os"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], terminal{os.Stdout, os.Stderr}))
}

// run executes one command line and returns its exit status.
func run(args []string, t terminal) int {
	parser := kong.Must(&commands{}, options(t)...)
	parsed, err := parser.Parse(args)
	if err != nil {
		return t.report(misused(err))
	}
	return t.report(parsed.Run(t))
}
