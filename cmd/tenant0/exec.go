package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
	"github.com/tenant0/tenant0/server/tenant"
)

// execCommand runs a command together with a server of its own.
type execCommand struct {
	Settings settings `embed:""`
	Command  []string `arg:"" passthrough:"" help:"Command to run, with its arguments."`
}

// Help is the detailed text of --help.
func (execCommand) Help() string {
	return `Unless its settings say otherwise, the server keeps its data in memory, listens on free ports, and logs warnings and errors only. The command finds the server by the environment variables AUTH0_DOMAIN, AUTH0_ISSUER_BASE_URL, AUTH0_CLIENT_ID, AUTH0_CLIENT_SECRET (if the first application has one), AUTH0_AUDIENCE and TENANT0_CONTROL_URL. It trusts the server's certificate by NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, CURL_CA_BUNDLE and REQUESTS_CA_BUNDLE; their file also holds the authorities that were trusted before. The exit status is that of the command (128 plus the signal's number if a signal ended it, 127 if the command does not exist, 126 if it cannot be run).

    tenant0 exec -- npm test
    tenant0 exec --seed tenant.yaml -- sh -c 'curl $AUTH0_ISSUER_BASE_URL/.well-known/jwks.json'`
}

// Run starts the server and the command, waits for the command, and then stops
// the server and removes its files.
func (c *execCommand) Run(parsed *kong.Context, t terminal) (err error) {
	argv := c.Command
	if len(argv) > 0 && argv[0] == "--" {
		argv = argv[1:]
	}
	if len(argv) == 0 {
		return &failure{exitUsage, errors.New("exec: there is no command after --; give one, such as tenant0 exec -- npm test")}
	}
	base := config.Default()
	base.Ephemeral, base.Listen, base.Control = true, "127.0.0.1:0", "127.0.0.1:0"
	base.LogLevel = "warn" // stderr belongs to the command.
	cfg, err := c.Settings.load(base, parsed)
	if err != nil {
		return err
	}
	// From here on a signal must not end this process before it has cleaned up.
	// A signal that is already ignored, as under nohup, stays ignored for the
	// command as well.
	signals := make(chan os.Signal, 16)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	defer signal.Stop(signals)

	srv, err := server.Start(cfg, newLog(cfg, t.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	for _, warning := range srv.Summary().FileWarnings {
		if _, err := fmt.Fprintln(t.stderr, "tenant0: warning: "+warning); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- srv.Run(ctx) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	return runBeside(ctx, srv.Summary(), argv, signals, t)
}

// runBeside runs a command in an environment that points it to the server.
func runBeside(ctx context.Context, s server.Summary, argv []string, signals <-chan os.Signal, t terminal) error {
	if err := (controlClient{s.ControlURL}).ready(ctx); err != nil {
		return err
	}
	environment := s.Environment(s.ControlURL)
	if overHTTPS(s) {
		folder, err := os.MkdirTemp("", "tenant0-exec-*")
		if err != nil {
			return fmt.Errorf("folder for the certificate authorities: %w", err)
		}
		defer os.RemoveAll(folder)
		bundle, err := writeCABundle(folder, s.CAPath)
		if err != nil {
			return err
		}
		environment = append(environment, tenant.CAVariables(bundle)...)
	}
	command := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // running what the user says is the purpose
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, t.stdout, t.stderr
	command.Env = os.Environ()
	for _, v := range environment {
		command.Env = append(command.Env, v.Name+"="+v.Value)
	}
	if err := command.Start(); err != nil {
		return notStarted(argv[0], err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case err := <-ended:
			return ending(err)
		case s := <-signals:
			forward(s, command.Process)
		}
	}
}

// forward passes a signal on to the command. A terminal sends keyboard signals
// to the command as well, and a copy would count as a second signal.
func forward(s os.Signal, command *os.Process) {
	if s == syscall.SIGINT || s == syscall.SIGQUIT {
		if terminal, err := os.Open("/dev/tty"); err == nil {
			terminal.Close()
			return
		}
	}
	_ = command.Signal(s) // fails if the command has ended, and on Windows, which has no signals
}

// notStarted is the failure of a command that does not exist or cannot be
// executed.
func notStarted(name string, err error) error {
	status := exitNotStarted
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		status = exitNotFound
	}
	return &failure{status, fmt.Errorf("exec: cannot run %s: %w; check its name, PATH and permissions", name, err)}
}

// ending returns nil for a command that has succeeded, otherwise the failure
// with the exit status that a shell would give it.
func ending(err error) error {
	exited, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	status := exited.ExitCode()
	if ended, ok := exited.Sys().(syscall.WaitStatus); ok && ended.Signaled() {
		status = exitSignal + int(ended.Signal())
	}
	return &failure{status, nil}
}
