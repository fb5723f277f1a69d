package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
)

// startCommand runs a server until it is told to stop.
type startCommand struct {
	Settings settings `embed:""`
}

// Help is the detailed text of --help.
func (startCommand) Help() string {
	return `Every setting can be given as a flag, as an environment variable, or as a key in the configuration file. A flag overrides the variable, and the variable overrides the file. SIGINT or SIGTERM stops the server when the requests in progress are answered; a second signal stops it immediately.

    tenant0 start
    tenant0 start --ephemeral --listen 127.0.0.1:0 --control 127.0.0.1:0
    TENANT0_SEED=empty TENANT0_LOG_FORMAT=json tenant0 start --data /data`
}

// Run starts the server, prints the banner, and serves until a signal.
func (c *startCommand) Run(parsed *kong.Context, t terminal) (err error) {
	ctx := untilSignal()
	cfg, err := c.Settings.load(config.Default(), parsed)
	if err != nil {
		return err
	}
	srv, err := server.Start(cfg, newLog(cfg, t.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close()) }()
	if err := printBanner(t.stdout, srv.Summary()); err != nil {
		return fmt.Errorf("print the banner: %w", err)
	}
	return srv.Run(ctx)
}

// untilSignal returns a context that ends with the first SIGINT or SIGTERM. A
// second signal ends the process at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		if again, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(exitSignal + int(again))
		}
	}()
	return ctx
}
