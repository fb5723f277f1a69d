package config

import (
	"cmp"
	"fmt"
	"os"
	"strings"
)

// Telemetry reports whether the environment asks for traces to be sent to a collector, according
// to the OpenTelemetry Environment Variable Specification: if it names an endpoint or the
// exporter otlp, and turns off neither the SDK nor the exporter. It returns an error for an
// exporter or a protocol that is not supported.
func Telemetry() (wanted bool, err error) {
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	endpoint := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch {
	case strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", exporter == "" && endpoint == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER is %q; use otlp to send traces, or none to send no traces", exporter)
	}
	protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf")
	if protocol != "http/protobuf" {
		return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q; only http/protobuf is supported, which most collectors accept on port 4318", protocol)
	}
	return true, nil
}
