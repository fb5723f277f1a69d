// Package tenantfile is the language in which a person writes down what is in a tenant: applications, APIs, connections,
// users, the Authorization Extension's store.
//
// It is auth0-deploy-cli's YAML format with additions; tenant.schema.json describes it and ships with the binary. The package
// reads, checks and explains such a file, or the folder of an export, down to line and column, and writes them. It resolves
// nothing against a running server: it does not store, generate ids or secrets, hash passwords, or know the issuer, and
// reads nothing of the environment.
package tenantfile
