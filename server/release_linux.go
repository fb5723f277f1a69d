package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// releaseProgram removes the pages of the program's own file from the process's memory: most pages
// that a start or a burst has read are not needed again for long. The kernel keeps them in its file
// cache while it has room, and maps them again when they are run or read. Parts of the program in
// memory that differ from the file would lose their changes, so they are left alone;
// position-independent programs have a few read-only pages of this kind.
func releaseProgram() error {
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return err
	}
	defer maps.Close()
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	parts, err := programParts(maps, program)
	for _, part := range parts {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, part.from, part.to-part.from, syscall.MADV_DONTNEED); errno != 0 {
			err = errors.Join(err, fmt.Errorf("release the pages of %s: %w", program, errno))
		}
	}
	return err
}

// programPart is a range of addresses with a part of the program that is only read or executed, never
// written.
type programPart struct{ from, to uintptr }

// programParts returns the parts of a program that are listed in the process's maps,
// proc_pid_smaps(5), and whose pages are all the same as in the program's file.
func programParts(maps io.Reader, program string) (parts []programPart, err error) {
	var part *programPart
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		line := lines.Text()
		if amount, found := strings.CutPrefix(line, "Anonymous:"); found {
			if part != nil && strings.TrimSpace(amount) == "0 kB" {
				parts = append(parts, *part)
			}
			continue
		}
		addresses, rest, _ := strings.Cut(line, " ")
		if !strings.Contains(addresses, "-") {
			continue // another line about the part
		}
		part = nil
		mode, rest, _ := strings.Cut(rest, " ")
		if mode != "r-xp" && mode != "r--p" || !strings.HasSuffix(rest, " "+program) {
			continue
		}
		part = new(programPart)
		if _, err := fmt.Sscanf(addresses, "%x-%x", &part.from, &part.to); err != nil {
			return nil, fmt.Errorf("the process's maps: %q: %w", addresses, err)
		}
	}
	return parts, lines.Err()
}
