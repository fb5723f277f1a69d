package server_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// attacks are those in section 4 of RFC 9700, Best Current Practice for OAuth 2.0 Security, and some further
// ones by guessing and forging. Each row has the guard against the attack, and the tests that fail without
// the guard. If there is no test, the guard says why.
var attacks = []struct{ section, attack, guard, tests string }{
	{"4.1", "insufficient validation of the redirection URI", "callbacks are compared as they are written; a request with another one ends on a page", "authorize/errors_test.go TestCallbacksOnTheWire"},
	{"4.2", "credentials leak by the Referer header", "pages send no address to other sites, and what authenticates a pushed request is not told on", "authorize/par_test.go TestWhatAuthenticatedAPushedRequestIsNotToldOn, login/login_test.go TestHeadersOfThePage, every_page_test.go TestEveryPageKeepsItsAddressAndItsFrame"},
	{"4.3.1", "a code in the browser's history", "a code is good once, and one that comes again revokes what it brought", "../storage/once_test.go TestACodeIsRedeemedOnce, token/errors_test.go TestAReusedCodeRevokesWhatItBrought"},
	{"4.3.2", "an access token in the browser's history", "no token goes into a query", "authorize/front_channel_test.go TestTokensStayOutOfQueries"},
	{"4.4", "mix-up, of the tenant as a client", "an answer that names another provider is not taken to the login's", "federation/mix_up_test.go TestAnAnswerOfAnotherProvider"},
	{"4.4", "mix-up, of the tenant's applications", "ID tokens, also those beside a code, name the issuer exactly; responses have iss, of RFC 9207, where the tenant's setting asks for it, as Auth0's do", "../e2e/plans/login_test.go TestLoginPlans, authorize/issuer_test.go TestResponsesNameTheIssuer"},
	{"4.5", "a stolen code is put into another session", "PKCE for those who have no secret, and the challenge of all who have sent one", "token/errors_test.go TestRefusedCodes, token/races_test.go TestAWrongVerifierNeitherBurnsNorFrees, authorize/front_channel_test.go TestACodeOfAHybridAnswerIsGuarded, device/device_test.go TestACodeOfAnotherLoginLetsNoDeviceIn"},
	{"4.6", "a stolen access token is put into another session", "at_hash in ID tokens beside one", "authorize/front_channel_test.go TestEveryResponseType"},
	{"4.7", "cross-site request forgery", "forms of other sites are refused, and a login is of the browser that began it", "cross_site_test.go TestPagesOfOtherSitesChangeNothing, strangers_test.go TestEveryFormIsGuarded, login/login_test.go TestALoginBelongsToItsBrowser, device/device_test.go TestAPageOfAnotherSiteConfirmsNothing, parts_of_pages_test.go TestNothingBeginsInAPartOfAPage, states_test.go TestAStateIsGoodForItsOwnPagesAlone, authorize/commit_internal_test.go TestWhatWasDecidedIsAnsweredAsLongAsItIsSo"},
	{"4.8", "PKCE is left out by an attacker", "a verifier without a challenge is refused, and a challenge without a verifier", "token/errors_test.go TestRefusedCodes"},
	{"4.9", "a resource server leaks access tokens", "tokens have an audience, and the tenant's own APIs take no others", "management/management_test.go TestAccess, userinfo/userinfo_test.go TestTokensThatAreRefused, management/access_internal_test.go TestATokenOfAPersonLetsInToTheirOwnAccount"},
	{"4.10", "a stolen access token is used", "tokens are for one audience and end; DPoP and mTLS are not emulated: who asks for a token that is bound to a key is told that it is a bearer's, and who registers a certificate gets none", "token/errors_test.go TestNoTokenIsBoundToAKey, userinfo/userinfo_test.go TestTokensThatAreRefused"},
	{"4.11", "open redirection", "nothing leads to an address that is not registered", "every_page_test.go TestNoParameterOfAnyPageLeadsElsewhere, strangers_pages_test.go TestNoParameterOfAPageLeadsElsewhere, logout/logout_test.go TestV2Logout, logout/logout_test.go TestOIDCLogout, federation/logout_test.go TestTheSimulatedLogoutLeadsNowhereElse"},
	{"4.12", "a redirect by 307 sends a password on", "all redirects are by 302, and one after a form by another method than GET is followed by GET", "rfc9700_test.go TestARedirectSendsNoFormOn"},
	{"4.13", "headers behind a proxy that ends TLS", "headers that say what a proxy has seen are not read", "hosts_test.go TestTheTenantAnswersToItsOwnNamesAlone, token/password_test.go TestWhoseAddressCounts"},
	{"4.14", "a stolen refresh token", "rotation, whose reuse ends the family; a token is one client's", "token/refresh_test.go TestATokenThatWasReplacedLongAgoEndsItsFamily, token/refresh_test.go TestARefreshTokenIsOneClients, token/refresh_test.go TestAForgedRefreshTokenEndsNothing, token/races_test.go TestConcurrentRefreshes"},
	{"4.15", "a client passes for a user", "the subject of a client's own token ends in @clients, which no user's id does", "token/tokens_test.go TestMachineTokens"},
	{"4.16", "clickjacking", "no page is shown in a frame", "strangers_pages_test.go TestNoPageIsShownInAFrame, every_page_test.go TestEveryPageKeepsItsAddressAndItsFrame"},
	{"4.17", "messages between windows", "a message goes to the origin of a registered callback and to no other", "authorize/web_message_test.go TestAMessageNeedsAnOriginToGoTo"},
	{"2.5", "a client's assertion is replayed", "its id is good once", "../storage/once_test.go TestAnAssertionIsUsedOnce, token/assertions_test.go TestClientAssertions"},
	{"2.5", "a client secret is used in place of a key", "an application that has a key or a certificate has no secret", "registration/secrets_test.go TestASecretReplacesNoKey, management/client_documents_login_test.go TestAnApplicationOfADocumentAuthenticatesWithItsKey"},
	{"2.1.2", "a token is stolen from a front-channel answer", "applications without the grant type get none", "authorize/errors_test.go TestErrorsThatGoToTheApplication"},
	{"RFC 8628 5.1", "a device's user code is guessed", "an address has ten tries", "device/device_test.go TestUserCodesAreNotGuessed"},
	{"guessing", "one-time codes of further factors and of logins", "ten wrong ones of a user, and one more every six minutes; codes are bound to their login", "mfa/mfa_test.go TestCodesAreNotGuessed, mfapages/mfapages_test.go TestPasswordsAreNotGuessed, passwordless/pages_test.go TestCodesAreBound"},
	{"guessing", "passwords", "accounts are blocked and addresses throttled", "dbconnections/dbconnections_test.go TestManyWrongPasswordsBlock, signin/attacks_test.go TestAddressesThatGuessAreThrottled"},
	{"forging", "a provider's logout of somebody", "the token is the provider's, for the endpoint, and good once", "federation/revocation_test.go TestAProviderLogsSomebodyOut"},
	{"forging", "an answer of a provider", "signature, nonce, audience and state are those of the login", "federation/liar_test.go TestAProviderThatLies, federation/federation_test.go TestStolenAnswers, federation/identities_test.go TestOneOfManyAnswersIsTaken"},
	{"forging", "an assertion of a provider of SAML or WS-Federation: wrapped, replayed, of nobody's request, with entities, for others", "signature, audience, request and times, one assertion alone, good once; no document types", "federation/saml_test.go TestAnswersThatProveNothing, federation/saml_test.go TestALoginThatTheDirectoryBegins, saml/abuse_test.go TestMessagesThatAreNone, federation/wsfed_test.go TestResultsThatProveNothing"},
	{"mix-up", "a form of the tenant's is seen or filled in by who may not", "it is of the browser, the session and its user, after all that comes before", "forms/forms_test.go TestWhoMaySeeAForm, mfapages/forms_test.go TestAFormComesAfterTheFactor"},
	{"forging", "a request or a logout of a SAML application", "the certificate of the add-on, its endpoint, the session and its user", "saml/abuse_test.go TestSignedRequests, saml/logout_test.go TestLogoutsThatAreRefused"},
	{"mix-up", "an account of one provider, database or directory passes for one of another", "identities have a provider and a connection, domains are a directory's own, passkeys a database's", "federation/identities_test.go TestOneIdAtTwoProviders, federation/identities_test.go TestAnAnswerOfAConnectionThatHasGone, federation/identities_test.go TestAnAccountOfAnotherDomain, federation/liar_test.go TestAnAddressThatIsNotTheProviders, passkey/kinds_test.go TestAPasskeyIsOfItsDatabase, passkey/kinds_test.go TestAPasskeyIsNoFurtherFactor"},
	{"mix-up", "users swap in the tabs of one login", "consent, factors and keys are of the user who was asked", "consent/consent_test.go TestConsentIsTheUsersWhoGaveIt, mfapages/mfapages_test.go TestTabsAndUsers, passkey/kinds_test.go TestAPasskeyIsWhoseItWasAskedOf"},
	{"mix-up", "a further factor of one user or application finishes the login of another", "tokens of the MFA API are an application's and a user's, and so are questions to apps; factors and sessions are looked up again in the update", "mfa/whose_test.go TestWhoseAccessToken, mfa/whose_test.go TestAnAppIsAskedForItsUser, mfa/whose_test.go TestAFactorThatIsRemoved, signin/meanwhile_test.go TestAFurtherFactorIsForTheSessionOfItsUser"},
	{"race", "a password, a block or a deletion changes between the check and the login", "the update checks them again", "signin/meanwhile_test.go TestAPasswordCountsAsLongAsItIsTheAccounts, signin/meanwhile_test.go TestALoginBeginsOneSession, token/person_internal_test.go TestAPersonIsLetInAsLongAsTheyMayBe, authorize/commit_internal_test.go TestWhatWasDecidedIsAnsweredAsLongAsItIsSo"},
	{"forging", "a link of a passwordless login of another application, address or time, or of a blocked user", "the code in it is bound to these, and tried three times", "passwordless/follow_test.go TestLinksThatLogNobodyIn"},
	{"forging", "a token for Token Vault, and one on behalf of a user", "an application's own token, live, of a user", "federation/vault_test.go TestWhatProvesNothingToTheVault, token/exchange_test.go TestExchangesThatAreRefused"},
	{"forging", "a token of a network's SDK, and a directory's assertion for an application", "those that the provider has given, for this application or tenant, in their time, and a code once", "token/native_test.go TestWhatProvesNothingNatively, token/native_test.go TestWhatEndsNativeLogins, token/jwt_bearer_test.go TestWhatProvidersDoNotAssert"},
	{"guessing", "tokens of SDKs", "addresses are throttled", "token/native_test.go TestGuessedSubjectTokens"},
	{"mix-up", "consent to one transaction passes for another", "each is asked about, unless an app was notified of it, and its details are in the token of its API alone", "authorize/details_test.go TestATransactionIsAgreedTo, mfapages/push_test.go TestTheAppAgreesToATransaction"},
	{"forging", "a logout token passes for an ID token", "the type of a token", "backchannel/backchannel_test.go TestALogoutTokenProvesNoLogin"},
	{"fixation", "somebody is logged in with a session that an attacker knows", "a login begins a session with a new id", "login/login_test.go TestSessionFixation"},
}

// TestEveryAttackHasItsTests checks that the tests in the table exist.
func TestEveryAttackHasItsTests(t *testing.T) {
	for _, a := range attacks {
		if a.tests == "" {
			if !strings.Contains(a.guard, "not emulated") {
				t.Errorf("%s, %s: no test, and no reason for that", a.section, a.attack)
			}
			continue
		}
		for one := range strings.SplitSeq(a.tests, ", ") {
			path, name, _ := strings.Cut(one, " ")
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("%s, %s: %v", a.section, a.attack, err)
				continue
			}
			found := false
			for _, decl := range file.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				found = found || ok && fn.Name.Name == name
			}
			if !found {
				t.Errorf("%s, %s: %s has no %s", a.section, a.attack, path, name)
			}
		}
	}
}

// TestARedirectSendsNoFormOn: the redirects that answer the forms of a login by password do not make a browser
// send the form again, RFC 9700 section 4.12.
func TestARedirectSendsNoFormOn(t *testing.T) {
	s := servertest.Start(t)
	browser := s.Client()
	forms := 0
	browser.CheckRedirect = func(rq *http.Request, via []*http.Request) error {
		if via[len(via)-1].Method == http.MethodPost {
			forms++
			if status := rq.Response.StatusCode; status != http.StatusFound && status != http.StatusSeeOther || rq.Method != http.MethodGet {
				t.Errorf("the form of %s is answered %d, and followed by %s", via[len(via)-1].URL.Path, status, rq.Method)
				return http.ErrUseLastResponse
			}
		}
		if !strings.HasPrefix(rq.URL.String(), s.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	left, page := s.Visit(browser, newStranger(t, s).authorize())
	for left == nil && page.URL != nil && forms < 5 {
		form := page.Form()
		form.Set("username", servertest.Employee)
		form.Set("password", servertest.Password)
		form.Set("action", "default")
		if page.URL.Path == "/u/consent" {
			form.Set("action", "accept")
		}
		left, page = s.Submit(browser, page, form)
	}
	if left == nil || left.Query().Get("code") == "" || forms == 0 {
		t.Errorf("the login leads to %v by %d forms", left, forms)
	}
}
