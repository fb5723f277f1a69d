package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// program is a running program whose output is read line by line.
type program struct {
	command *exec.Cmd
	output  *bufio.Scanner
}

// start starts a program that is sent SIGTERM when the context ends.
func start(ctx context.Context, path string, args ...string) (*program, error) {
	command := exec.CommandContext(ctx, path, args...) //nolint:gosec // a program of this example
	command.Stderr = os.Stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 5 * time.Second
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("%w; build the examples with make demo", err)
	}
	return &program{command, bufio.NewScanner(output)}, nil
}

// wait waits for the program to end.
func (p *program) wait() error { return p.command.Wait() }

// runningAPI is the running API and its URL.
type runningAPI struct {
	*program
	url string
}

var webAddress = regexp.MustCompile(`https?://\S+`)

// startAPI starts the API on a free port and waits until it serves.
func startAPI(ctx context.Context, path string) (runningAPI, error) {
	p, err := start(ctx, path, "--listen", "127.0.0.1:0")
	if err != nil {
		return runningAPI{}, err
	}
	if p.output.Scan() {
		if url := webAddress.FindString(p.output.Text()); url != "" {
			return runningAPI{p, url}, nil
		}
	}
	return runningAPI{}, errors.Join(errors.New("the API does not start"), p.wait())
}

// runClient runs the client and calls logIn with the URL that the client prints
// for the login. It shows and returns the lines that the client prints.
func runClient(ctx context.Context, path, api string, logIn func(page string) error) (seen []line, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	p, err := start(ctx, path, "--no-browser", "--api", api)
	if err != nil {
		return nil, err
	}
	for p.output.Scan() {
		text := strings.TrimSpace(p.output.Text())
		if webAddress.MatchString(text) {
			if err := logIn(text); err != nil {
				stop()
				return seen, errors.Join(fmt.Errorf("log in: %w", err), p.wait())
			}
			continue
		}
		if label, value, ok := strings.Cut(text, "  "); ok {
			l := line{label, strings.TrimSpace(value)}
			fmt.Println("  " + l.String())
			seen = append(seen, l)
		}
	}
	return seen, p.wait()
}
