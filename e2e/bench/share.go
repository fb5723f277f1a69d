package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// period is how often a process that is limited gets its share of a core, in microseconds. A short
// one keeps it from waiting long at a time.
const period = 10_000

// share is a group of the kernel's for processes that together get a share of a core and no more,
// as if they were on a smaller machine (control groups, version 1 and 2).
type share struct{ folder string }

// newShare makes a group that gets a share of a core.
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

// take puts a process into the group.
func (s *share) take(p *process) error { return s.write("cgroup.procs", strconv.Itoa(p.pid())) }

func (s *share) write(file, value string) error {
	return os.WriteFile(filepath.Join(s.folder, file), []byte(value), 0) // the file is there
}

// end removes the group, whose processes have ended.
func (s *share) end() error { return os.Remove(s.folder) }
