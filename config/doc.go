// Package config has the server's settings, from flags, environment and file. It alone reads the environment: what others
// need of it, such as the values of keywords, it hands them. What is in a tenant is said in another language, that of
// package tenantfile.
package config
