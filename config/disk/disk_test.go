package disk_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/config/disk"
)

// TestAnErrorIsExplainedOnce explains an error at every floor that it passes, as opening a data file does.
func TestAnErrorIsExplainedOnce(t *testing.T) {
	full := &os.PathError{Op: "write", Path: "/data/tenant0.db", Err: syscall.ENOSPC}
	err := disk.Explain("data file /data/tenant0.db cannot be used", full)
	err = disk.Explain("data file /data/tenant0.db", fmt.Errorf("commit: %w", err))
	const want = "commit: data file /data/tenant0.db cannot be used: write /data/tenant0.db: no space left on device; the disk is full; make room on it; the stored data is unchanged"
	if err.Error() != want {
		t.Errorf("the error says %q, want %q", err, want)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Error("the error does not wrap that of the system")
	}
}

func TestWhatIsNotKnownIsNamedOnly(t *testing.T) {
	err := disk.Explain("data folder", errors.New("odd"))
	if err.Error() != "data folder: odd" {
		t.Errorf("the error says %q", err)
	}
	if says, ofSystem := disk.Advice(syscall.EXDEV); says != "" || !ofSystem {
		t.Errorf("the advice for an error of the system that nobody thought of: %q, %v", says, ofSystem)
	}
	// bbolt does not wrap the error if a file cannot grow.
	if says, ofSystem := disk.Advice(errors.New("file resize error: " + syscall.EFBIG.Error())); !strings.Contains(says, "ulimit -f") || !ofSystem {
		t.Errorf("the advice for an error that is only spelled out: %q, %v", says, ofSystem)
	}
}
