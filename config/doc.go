// Package config owns what a person writes down to run tenant0: the server's settings, from flags, environment and file,
// and the tenant file, which says what is in the tenant (applications, APIs, connections, users, the Authorization
// Extension's store).
//
// The tenant file is auth0-deploy-cli's YAML format with additions; tenant.schema.json describes it and ships with the
// binary. The package reads, checks and explains such a file, down to line and column, and resolves nothing against a
// running server: it does not store, generate ids or secrets, hash passwords, or know the issuer. It imports no other
// package of the project, and it alone reads the environment.
package config
