package server

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestPartsOfTheProgram: the parts are those memory mappings of the program's own file that are not writable and were never written to.
func TestPartsOfTheProgram(t *testing.T) {
	var maps strings.Builder
	for _, part := range []struct{ header, anonymous string }{
		{"00400000-0135a000 r-xp 00000000 fe:00 1234                               /opt/tenant0", "0 kB"},
		{"0135a000-0243f000 r--p 00f5a000 fe:00 1234                               /opt/tenant0", "0 kB"},
		{"0243f000-02480000 r--p 0203f000 fe:00 1234                               /opt/tenant0", "260 kB"}, // relocated at the start
		{"02480000-02520000 rw-p 02080000 fe:00 1234                               /opt/tenant0", "0 kB"},
		{"02520000-04569000 rw-p 00000000 00:00 0 ", "40 kB"},
		{"c000000000-c000800000 rw-p 00000000 00:00 0 ", "0 kB"},
		{"7f0000000000-7f0040000000 r--s 00000000 fe:00 99                         /data/tenant0.db", "0 kB"},
		{"7f1000000000-7f1000001000 r-xp 00000000 fe:00 98                         /lib/opt/tenant0.so", "0 kB"},
		{"7f2000000000-7f2000001000 r-xp 00000000 fe:00 97                         /srv/opt/tenant0", "0 kB"},
		{"7ffd1c000000-7ffd1c002000 r-xp 00000000 00:00 0                          [vdso]", "0 kB"},
	} {
		maps.WriteString(part.header + "\nSize:             40 kB\nAnonymous:        " + part.anonymous + "\nVmFlags: rd ex mr mw me\n")
	}
	got, err := programParts(strings.NewReader(maps.String()), "/opt/tenant0")
	want := []programPart{{0x400000, 0x135a000}, {0x135a000, 0x243f000}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the parts are %x, %v; want %x", got, err, want)
	}
	if got, err := programParts(strings.NewReader("here-there r-xp 0 0 0 /opt/tenant0\n"), "/opt/tenant0"); err == nil {
		t.Errorf("of maps that cannot be read the parts are %x", got)
	}
}

var ofFiles = regexp.MustCompile(`RssFile:\s+(\d+) kB`)

// TestAProgramGivesItsPagesBack to the system, and goes on running.
func TestAProgramGivesItsPagesBack(t *testing.T) {
	resident := func() int {
		t.Helper()
		status, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		found := ofFiles.FindSubmatch(status)
		if found == nil {
			t.Fatalf("there is no RssFile in\n%s", status)
		}
		kilobytes, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		return kilobytes
	}
	before := resident()
	if err := releaseProgram(); err != nil {
		t.Fatal(err)
	}
	if after := resident(); after >= before {
		t.Errorf("of files %d kB are in memory, and %d kB were before", after, before)
	}
}
