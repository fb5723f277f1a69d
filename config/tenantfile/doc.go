// Package tenantfile defines the language in which people describe a tenant: applications, APIs, connections,
// users, the data of the Authorization Extension.
//
// It is auth0-deploy-cli's YAML format with additions; tenant.schema.json describes it and is part of the binary.
// The package reads and writes such files, and the folders of exports, and reports problems with line and column.
// It knows no running server: it does not store anything, generate ids or secrets, or hash passwords; it does not
// know the issuer, and it does not read the environment.
package tenantfile
