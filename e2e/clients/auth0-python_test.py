"""auth0-python's authentication API."""
import unittest
from urllib.parse import parse_qs, urlsplit

from auth0.authentication import Database, GetToken, Passwordless, RevokeToken, Users
from auth0.authentication.pushed_authorization_requests import PushedAuthorizationRequests
from auth0.authentication.token_verifier import AsymmetricSignatureVerifier, TokenVerifier
from auth0.authentication.exceptions import Auth0Error, TokenValidationError

from browser import Browser, audience, authorize_url, callback, code_for, connection, domain, email, issuer, machine, password, web

get_token = GetToken(domain, *web)
verifier = TokenVerifier(AsymmetricSignatureVerifier(f"{issuer}.well-known/jwks.json"), issuer, web[0])


def tokens(**params):
    url = Browser().log_in(authorize_url(**params))
    return get_token.authorization_code(parse_qs(urlsplit(url).query)["code"][0], callback)


class AuthenticationAPI(unittest.TestCase):
    def test_a_code_with_its_id_token(self):
        got = tokens(nonce="the nonce", audience=audience)
        self.assertEqual(verifier.verify(got["id_token"], nonce="the nonce")["email"], email)
        with self.assertRaises(TokenValidationError):
            verifier.verify(got["id_token"], nonce="another")

    def test_userinfo(self):
        self.assertEqual(Users(domain).userinfo(tokens()["access_token"])["email"], email)

    def test_a_refresh_token_and_its_end(self):
        refresh_token = tokens()["refresh_token"]
        self.assertIn("access_token", get_token.refresh_token(refresh_token))
        RevokeToken(domain, *web).revoke_refresh_token(refresh_token)
        with self.assertRaises(Auth0Error) as refused:
            get_token.refresh_token(refresh_token)
        self.assertEqual(refused.exception.error_code, "invalid_grant")

    def test_client_credentials(self):
        self.assertEqual(GetToken(domain, *machine).client_credentials(audience)["token_type"], "Bearer")
        with self.assertRaises(Auth0Error) as refused:
            GetToken(domain, machine[0], "wrong").client_credentials(audience)
        self.assertEqual((refused.exception.status_code, refused.exception.error_code), (401, "access_denied"))

    def test_a_password_with_and_without_a_realm(self):
        got = get_token.login(email, password, scope="openid email", realm=connection)
        self.assertEqual(verifier.verify(got["id_token"])["email"], email)
        self.assertIn("access_token", get_token.login(email, password, grant_type="password", realm=None, scope="openid"))
        with self.assertRaises(Auth0Error) as refused:
            get_token.login(email, "wrong", realm=connection)
        self.assertEqual((refused.exception.status_code, refused.exception.message), (403, "Wrong email or password."))

    def test_a_pushed_request(self):
        answer = PushedAuthorizationRequests(domain, *web).pushed_authorization_request("code", callback, scope="openid")
        self.assertTrue(answer["request_uri"].startswith("urn:ietf:params:oauth:request_uri:"))
        self.assertIn("code=", Browser().log_in(f"{issuer}authorize?client_id={web[0]}&request_uri={answer['request_uri']}"))

    def test_a_sign_up_and_a_new_password(self):
        database = Database(domain, web[0])
        made = database.signup("python@exampleco.com", "ExampleCo!2027", connection, user_metadata={"team": "a"})
        self.assertEqual((made["email"], made["email_verified"]), ("python@exampleco.com", False))
        with self.assertRaises(Auth0Error) as refused:
            database.signup("python@exampleco.com", "ExampleCo!2027", connection)
        self.assertEqual(refused.exception.error_code, "invalid_signup")
        self.assertIn("email to reset", database.change_password("python@exampleco.com", connection))

    def test_a_code_by_email_and_by_text_message(self):
        passwordless = Passwordless(domain, *web)
        for start, to, realm in ((lambda to: passwordless.email(to, send="code"), "pat@exampleco.com", "email"), (passwordless.sms, "+15550101", "sms")):
            start(to)
            got = get_token.passwordless_login(to, code_for(to), realm, "openid", audience)
            self.assertRegex(verifier.verify(got["id_token"])["sub"], f"^{realm}\\|")


unittest.main(verbosity=2)
