// Package telemetry sends a trace of each request to a collector of OpenTelemetry, where the
// environment names one. The variables are those of OpenTelemetry's specification, which its
// library reads: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and so on.
package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer sends traces. The nil Tracer sends none.
type Tracer struct {
	provider   *sdk.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
}

// New returns a tracer that sends by OTLP over HTTP to where the environment says. What the
// collector does not take is told to log and lost.
func New(ctx context.Context, log *slog.Logger) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("OpenTelemetry: %w", err)
	}
	// What the environment says of the service goes before the name.
	of, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "tenant0")), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("OpenTelemetry: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", "err", err.Error()) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(of))
	return &Tracer{provider, provider.Tracer("github.com/tenant0/tenant0"), propagation.TraceContext{}}, nil
}

// Close sends what waits, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Requests returns what observes the requests of a tenant: the span of one, below that of the
// caller where the request names it (W3C Trace Context). Names and attributes are those of
// OpenTelemetry's conventions for HTTP servers. Of the URL it has the route alone, since paths,
// queries and bodies hold secrets.
func (t *Tracer) Requests(tenant string) func(*http.Request) (*http.Request, func(route, requestID string, status int)) {
	return func(r *http.Request) (*http.Request, func(route, requestID string, status int)) {
		ctx := t.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		return r.WithContext(ctx), func(route, requestID string, status int) {
			if route != "" {
				span.SetName(r.Method + " " + route)
			}
			span.SetAttributes(
				attribute.String("http.request.method", r.Method), attribute.String("http.route", route),
				attribute.Int("http.response.status_code", status), attribute.String("url.scheme", scheme(r)),
				attribute.String("tenant0.tenant", tenant), attribute.String("tenant0.request_id", requestID),
			)
			if status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, http.StatusText(status))
			}
			span.End()
		}
	}
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
