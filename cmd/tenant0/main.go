// Command tenant0 is the one binary: the server, a way to run a command beside
// one, and the tools around them. It owns the command line, what is printed,
// exit statuses and signals. What the settings mean is in package config, and
// all that a server does in package server.
package main

import (
	"os"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], terminal{os.Stdout, os.Stderr}))
}

// run runs one command line and returns its exit status.
func run(args []string, t terminal) int {
	parser := kong.Must(&commands{}, options(t)...)
	parsed, err := parser.Parse(args)
	if err != nil {
		return t.report(misused(err))
	}
	return t.report(parsed.Run(t))
}
