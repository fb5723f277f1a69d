package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// process is a running server.
type process struct {
	cmd  *exec.Cmd
	addr string
	data string
}

// patience is how long a server may take until its first answer; the one with
// the most users has to store them first.
const patience = 2 * time.Minute

// start starts the server with a data folder and a seed. It returns the
// process, and the time until its first answer, the discovery document.
func (b *bench) start(data, seed string) (*process, time.Duration, error) {
	return b.startWith(filepath.Join(b.work, data), "--data", filepath.Join(b.work, data), "--seed", seed, "--control", "127.0.0.1:0")
}

// startInMemory starts a server without a data folder, with its control
// listener at an address.
func (b *bench) startInMemory(control string) (*process, error) {
	p, _, err := b.startWith("", "--ephemeral", "--control", control)
	return p, err
}

// startWith starts the server with flags; data is its data folder.
func (b *bench) startWith(data string, flags ...string) (*process, time.Duration, error) {
	addr, err := freeAddress()
	if err != nil {
		return nil, 0, err
	}
	flags = append([]string{
		"start", "--listen", addr, "--log-level", "warn", "--max-import-size", "10000000",
		"--issuer", "http://localhost:4400/", // always the same, because it is part of the identifiers of APIs
	}, flags...)
	cmd := exec.CommandContext(b.ctx, b.binary, flags...) //nolint:gosec // running what the user says is the purpose
	cmd.Env = []string{}                                  // no settings from the environment
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	p := &process{cmd: cmd, addr: addr, data: data}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	took, err := p.answer(began)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("start %s: %w\n%s", cmd, err, stderr.Bytes()), p.stop())
	}
	return p, took, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends at once
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answer waits until the server answers. The server listens before it is ready,
// so that a single connection can wait for the answer.
func (p *process) answer(began time.Time) (time.Duration, error) {
	for {
		c, err := dial(p.addr)
		switch {
		case err == nil:
			defer c.Close()
			if err := c.SetDeadline(began.Add(patience)); err != nil {
				return 0, err
			}
			r, err := c.get("/.well-known/openid-configuration", "")
			if err == nil && r.status != 200 {
				err = fmt.Errorf("discovery answers with status %d", r.status)
			}
			return time.Since(began), err
		case !errors.Is(err, syscall.ECONNREFUSED), time.Since(began) > patience:
			return 0, err
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// resident returns the resident memory in bytes.
func (p *process) resident() (float64, error) { return p.memoryOf("VmRSS:") }

// memoryOf returns a member of /proc/PID/status that is in kilobytes, in bytes.
func (p *process) memoryOf(member string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte(member))
	kilobytes, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	n, err := strconv.Atoi(string(kilobytes))
	return float64(n) * 1024, err
}

// file returns the size of the data file in bytes.
func (p *process) file() (float64, error) {
	info, err := os.Stat(filepath.Join(p.data, "tenant0.db"))
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

// stop stops the server with SIGTERM and waits for its end.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.cmd.Wait()
}
