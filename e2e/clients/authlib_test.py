"""Authlib: a confidential application without a framework, as Auth0's quickstarts for Python have it in one."""
import unittest

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from browser import Browser, audience, callback, email, issuer, machine, web

metadata = httpx.get(f"{issuer}.well-known/openid-configuration").json()


def log_in(method="client_secret_basic", **params):
    client = OAuth2Client(*web, scope="openid email offline_access", redirect_uri=callback, code_challenge_method="S256", token_endpoint_auth_method=method)
    verifier = generate_token(48)
    url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, audience=audience, **params)
    return client, client.fetch_token(metadata["token_endpoint"], authorization_response=Browser().log_in(url), state=state, code_verifier=verifier)


class Login(unittest.TestCase):
    def test_a_code_and_its_id_token(self):
        for method in "client_secret_basic", "client_secret_post":
            client, token = log_in(method, nonce="the nonce")
            keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
            claims = CodeIDToken(jwt.decode(token["id_token"], keys).claims, {}, {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": web[0]}}, {"nonce": "the nonce", "client_id": web[0]})
            claims.validate(leeway=0)
            self.assertEqual(claims["email"], email)
            self.assertEqual(client.get(metadata["userinfo_endpoint"]).json()["email"], email)

    def test_a_refresh_and_its_end(self):
        client, token = log_in()
        self.assertNotEqual(client.refresh_token(metadata["token_endpoint"])["access_token"], token["access_token"])
        client.revoke_token(metadata["revocation_endpoint"], token["refresh_token"], token_type_hint="refresh_token")
        with self.assertRaises(OAuthError) as refused:
            client.refresh_token(metadata["token_endpoint"], token["refresh_token"])
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_client_credentials(self):
        token = OAuth2Client(*machine).fetch_token(metadata["token_endpoint"], grant_type="client_credentials", audience=audience)
        self.assertEqual(token["token_type"], "Bearer")

    def test_a_refusal(self):
        with self.assertRaises(OAuthError) as refused:
            OAuth2Client(*web, redirect_uri=callback).fetch_token(metadata["token_endpoint"], authorization_response=f"{callback}?code=another")
        self.assertEqual(refused.exception.error, "invalid_grant")


unittest.main(verbosity=2)
