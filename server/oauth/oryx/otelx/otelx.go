// Package otelx replaces github.com/ory/x/otelx, of which fosite uses only End.
package otelx

import "go.opentelemetry.io/otel/trace"

// End ends span. Tracing is not set up in tenant0, so the error is not recorded.
func End(span trace.Span, _ *error) { span.End() }
