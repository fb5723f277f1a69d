//go:build !linux

package server

// releaseProgram does nothing on systems other than Linux.
func releaseProgram() error { return nil }
