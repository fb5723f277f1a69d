package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version string

type versionCommand struct{}

// Run prints the version, and the Go version and platform of the binary.
func (versionCommand) Run(t terminal) error {
	_, err := fmt.Fprintf(t.stdout, "tenant0 %s (%s, %s/%s)\n", versionOf(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// versionOf is the version that the linker was given, otherwise the one that
// the go command has recorded.
func versionOf() string {
	if version != "" {
		return version
	}
	if build, ok := debug.ReadBuildInfo(); ok && build.Main.Version != "" {
		return build.Main.Version
	}
	return "(unknown)"
}
