package main

import (
	"io"
	"log/slog"

	"github.com/tenant0/tenant0/config"
)

// newLog returns the log that a validated configuration asks for.
func newLog(cfg config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // config knows the same four
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
