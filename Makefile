# make lists the targets.

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
FUZZTIME      ?= 20s
ISSUER        ?= https://localhost:4400

export CGO_ENABLED := 0

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build the server and start the tenant "timesheets"
	@bin/tenant0 start

.PHONY: build
build: ## build bin/tenant0, one static file
	go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/tenant0 ./cmd/tenant0

.PHONY: test
test: export CGO_ENABLED := 1
# The time limit ends what hangs. testlog says what is waited for, and what was skipped and why.
test: prepare ## install what the tests need and run them all, with the race detector
	go run ./e2e/testlog go test -json -race -shuffle=on -timeout 60m ./...

.PHONY: test-postgres
test-postgres: prepare ## run the suite of the server on a PostgreSQL
	TENANT0_TEST_STORE=postgres go test -timeout 20m ./server/...

.PHONY: prepare
prepare:
	@.ci/prepare

.PHONY: check
check: vet lint ## format, vet and linters, as CI runs them

.PHONY: vet
vet: # what is checked where no linter can be fetched
	@unformatted=$$(gofmt -l $$(go list -f '{{.Dir}}' ./...)); \
	if [ -n "$$unformatted" ]; then echo "not formatted (gofmt -w mends it):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	cd e2e/goauth0 && test -z "$$(gofmt -l .)" && go vet ./...
	cd e2e/kubernetes && test -z "$$(gofmt -l .)" && go vet ./...

.PHONY: lint
lint:
	$(GOLANGCI_LINT) run ./...
	cd e2e/goauth0 && $(GOLANGCI_LINT) run ./...
	cd e2e/kubernetes && $(GOLANGCI_LINT) run ./...

.PHONY: lint-version
lint-version:
	@$(GOLANGCI_LINT) version

.PHONY: compat
compat: prepare ## run the clients of others against the server, and write docs/compatibility.md
	go run ./e2e/compat

.PHONY: bench
bench: build ## measure the server against this machine's own limits and print a table of ratios
	go run ./e2e/bench

.PHONY: fuzz
fuzz: ## run every fuzzer for FUZZTIME (20s)
	@grep -rlE --include='*_test.go' '^func Fuzz' . | while read -r file; do \
		for fuzzer in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			go test "$$(dirname "$$file")" -run='^$$' -fuzz="^$$fuzzer\$$" -fuzztime=$(FUZZTIME) || exit 1; \
		done; \
	done

.PHONY: golden
golden: ## rewrite the golden files and show what changed
	UPDATE=1 go test -count=1 $$(grep -rl --include='*_test.go' 'Getenv("UPDATE")' . | xargs -n1 dirname | sort -u)
	git diff --stat

.PHONY: demo
demo: build ## run the scenario unattended in a headless browser and print what each user may do
	go build -trimpath -o bin/timesheets/ ./examples/timesheets/...
	@bin/tenant0 exec -- bin/timesheets/demo

.PHONY: example-api
example-api: build ## start the example's API beside make run
	go build -o bin/timesheets-api ./examples/timesheets/api
	@AUTH0_ISSUER_BASE_URL=$(ISSUER) SSL_CERT_FILE="$$(bin/tenant0 ca path)" bin/timesheets-api

.PHONY: example-client
example-client: build ## log in to the example's client beside make run
	go build -o bin/timesheets-client ./examples/timesheets/client
	@AUTH0_ISSUER_BASE_URL=$(ISSUER) SSL_CERT_FILE="$$(bin/tenant0 ca path)" bin/timesheets-client
