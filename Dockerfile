# syntax=docker/dockerfile:1

# The server: one static binary on an empty base.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
COPY server/oauth/oryx ./server/oauth/oryx
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/tenant0 ./cmd/tenant0 \
 && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/timesheets-api ./examples/timesheets/api \
 && mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

FROM scratch AS tenant0
COPY --from=build /out/tenant0 /tenant0
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
# Within the container every address is the container's own; what reaches it from
# outside is up to the ports that are published.
ENV TENANT0_DATA=/data TENANT0_LISTEN=0.0.0.0:4400
EXPOSE 4400
VOLUME /data
HEALTHCHECK --interval=5s --timeout=2s --start-period=2s CMD ["/tenant0", "health"]
ENTRYPOINT ["/tenant0"]
CMD ["start"]

# The example API beside it.
FROM scratch AS timesheets-api
COPY --from=build /out/timesheets-api /timesheets-api
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/timesheets-api"]
