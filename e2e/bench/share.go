package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// period is how often a limited process gets its share of a core, in microseconds. A short period
// keeps it from waiting for long.
const period = 10_000

// share is a control group of the kernel (version 1 or 2), which limits processes to a share of a
// core, as if they ran on a smaller machine.
type share struct{ folder string }

// newShare creates a control group with a share of a core.
func newShare(name string, cores float64) (*share, error) {
	quota := strconv.Itoa(int(cores * period))
	root, limits := "/sys/fs/cgroup", [][2]string{{"cpu.max", quota + " " + strconv.Itoa(period)}}
	if old := filepath.Join(root, "cpu"); exists(filepath.Join(old, "cpu.cfs_quota_us")) || exists(filepath.Join(old, "cgroup.procs")) {
		root, limits = old, [][2]string{{"cpu.cfs_period_us", strconv.Itoa(period)}, {"cpu.cfs_quota_us", quota}}
	}
	s := &share{filepath.Join(root, fmt.Sprintf("tenant0-bench-%d-%s", os.Getpid(), name))}
	if err := os.Mkdir(s.folder, 0o755); err != nil { //nolint:gosec // the kernel's files are readable to all
		return nil, err
	}
	for _, limit := range limits {
		if err := s.write(limit[0], limit[1]); err != nil {
			return nil, errors.Join(err, s.end())
		}
	}
	return s, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// take puts a process into the control group.
func (s *share) take(p *process) error { return s.write("cgroup.procs", strconv.Itoa(p.pid())) }

func (s *share) write(file, value string) error {
	return os.WriteFile(filepath.Join(s.folder, file), []byte(value), 0) // the file exists already
}

// end removes the control group. Its processes must have ended.
func (s *share) end() error { return os.Remove(s.folder) }
