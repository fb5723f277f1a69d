package main

// client is a third-party client library or program that the tests run.
type client struct {
	name string
	// registry says which file pins its version: npm, pip, go, maven or goauth0.
	registry string
	// tests are the tests that run it, by their names or the beginnings of their names.
	tests []string
}

// clients are the clients in docs/clients.md.
var clients = []client{
	{"@auth0/auth0-spa-js", npm, []string{"TestSPA", "TestSPAWithoutRefreshTokens", "TestSPAHearsThatTheFrameHasNoSession", "TestSPAInAnOrganization"}},
	{"@auth0/auth0-react", npm, []string{"TestSPAFrameworks/auth0-react"}},
	{"@auth0/auth0-vue", npm, []string{"TestSPAFrameworks/auth0-vue"}},
	{"@auth0/auth0-angular", npm, []string{"TestSPAFrameworks/auth0-angular"}},
	{"auth0-js", npm, []string{"TestAuth0JS", "TestAuth0JSInForms"}},
	{"auth0-lock", npm, []string{"TestLock"}},
	{"@auth0/nextjs-auth0", npm, []string{"TestClients/nextjs-auth0", "TestNextJSAtItsOwnName"}},
	{"express-openid-connect", npm, []string{"TestExpress", "TestClients/express-openid-connect"}},
	{"express-oauth2-jwt-bearer", npm, []string{"TestExpressAPI"}},
	{"@auth0/auth0-auth-js", npm, []string{"TestClients/auth-js"}},
	{"@auth0/auth0-server-js", npm, []string{"TestClients/server-js"}},
	{"auth0", npm, []string{"TestClients/auth0-legacy", "TestManagementClients/auth0_of_npm"}},
	{"auth0-deploy-cli", npm, []string{"TestImportOfDeployCLIsExport", "TestDeployCLIImportsAnExport"}},
	{"openid-client", npm, []string{"TestClients/openid-client"}},
	{"passport-auth0", npm, []string{"TestClients/passport"}},
	{"@auth/core", npm, []string{"TestClients/auth-core"}},
	{"oidc-provider", npm, []string{"TestClients/oidc-provider"}},
	{"auth0-python", pip, []string{"TestClients/auth0-python", "TestManagementClients/auth0-python"}},
	{"auth0-server-python", pip, []string{"TestClients/auth0-server-python"}},
	{"auth0-api-python", pip, []string{"TestClients/auth0-api-python"}},
	{"Authlib", pip, []string{"TestClients/authlib"}},
	{"com.auth0:auth0", maven, []string{"TestJVMClients/Auth0JavaTest"}},
	{"org.springframework.boot:spring-boot-starter-parent", maven, []string{"TestJVMClients/SpringSecurityTest"}},
	{"github.com/auth0/go-auth0", goAuth0, []string{"TestManagementClients/go-auth0_v1", "TestGoAuthentication"}},
	{"github.com/auth0/go-auth0/v2", goAuth0, []string{"TestManagementClients/go-auth0_v2"}},
	{"github.com/auth0/go-jwt-middleware/v2", goAuth0, []string{"TestGoAuthentication"}},
	{"github.com/coreos/go-oidc/v3", gomod, []string{"TestScenario"}},
}

// Registries, which determine the file that pins the version.
const (
	npm     = "npm"
	pip     = "pip"
	maven   = "maven"
	gomod   = "go"
	goAuth0 = "goauth0"
)
