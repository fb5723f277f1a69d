// Package config defines the server's settings, from flags, environment and configuration file. No other package
// reads the environment: this one passes on what others need of it, such as the values of keywords. The contents of
// a tenant are not settings; package tenantfile defines their format.
package config
