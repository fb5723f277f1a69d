// Package telemetry sends a trace of each request to an OpenTelemetry collector, if the
// environment names one. The variables are those of OpenTelemetry's specification, and its
// library reads them: OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and
// so on.
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

// Tracer sends traces. A nil Tracer sends none.
type Tracer struct {
	provider   *sdk.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
}

// New returns a tracer that sends by OTLP over HTTP to the endpoint in the environment. Traces
// that the collector does not accept are lost, with a warning in log.
func New(ctx context.Context, log *slog.Logger) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("OpenTelemetry: %w", err)
	}
	// A service name in the environment takes precedence.
	of, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "tenant0")), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("OpenTelemetry: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are lost", "err", err.Error()) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(of))
	return &Tracer{provider, provider.Tracer("github.com/tenant0/tenant0"), propagation.TraceContext{}}, nil
}

// Close sends the traces that were not sent yet. It gives up when ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Requests returns a function that is called when a request of the tenant begins. It starts a
// span, as a child of the caller's span if the request names it (W3C Trace Context), and
// returns a function that ends the span. Names and attributes follow OpenTelemetry's
// conventions for HTTP servers. The span has the route but not the URL, because paths, queries
// and bodies may hold secrets.
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
