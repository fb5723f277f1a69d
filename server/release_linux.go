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

// releaseProgram takes the pages of the program's own file out of the process's memory: most of those
// that a start or a burst has read are not needed again for long. The machine keeps them as long as
// it has room, and gives them back when they are run or read. Pages that were written to stay.
func releaseProgram() error {
	maps, err := os.Open("/proc/self/maps")
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

// programPart is a range of addresses at which a part of the program is, that is read or run and never
// written.
type programPart struct{ from, to uintptr }

// programParts reads the parts of a program off the process's maps, proc_pid_maps(5).
func programParts(maps io.Reader, program string) (parts []programPart, err error) {
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		addresses, rest, _ := strings.Cut(lines.Text(), " ")
		mode, rest, _ := strings.Cut(rest, " ")
		if mode != "r-xp" && mode != "r--p" || !strings.HasSuffix(rest, " "+program) {
			continue
		}
		var part programPart
		if _, err := fmt.Sscanf(addresses, "%x-%x", &part.from, &part.to); err != nil {
			return nil, fmt.Errorf("the process's maps: %q: %w", addresses, err)
		}
		parts = append(parts, part)
	}
	return parts, lines.Err()
}
