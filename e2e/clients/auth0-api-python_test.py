"""auth0-api-python: an API that checks access tokens."""
import unittest

import httpx
from auth0_api_python import ApiClient, ApiClientOptions
from auth0_api_python.errors import BaseAuthError, VerifyAccessTokenError

from browser import audience, domain, issuer, machine


def token(of=audience):
    answer = httpx.post(f"{issuer}oauth/token", json={"grant_type": "client_credentials", "client_id": machine[0], "client_secret": machine[1], "audience": of})
    return answer.json()["access_token"]


class API(unittest.IsolatedAsyncioTestCase):
    async def test_a_token(self):
        claims = await ApiClient(ApiClientOptions(domain=domain, audience=audience)).verify_access_token(token())
        self.assertEqual((claims["iss"], claims["azp"], claims["scope"]), (issuer, machine[0], "read:timesheets"))

    async def test_a_request(self):
        api = ApiClient(ApiClientOptions(domain=domain, audience=audience))
        self.assertEqual((await api.verify_request({"authorization": f"Bearer {token()}"}))["azp"], machine[0])
        for headers in ({}, {"authorization": "Basic e30="}, {"authorization": "Bearer no.token.here"}):
            with self.assertRaises(BaseAuthError):
                await api.verify_request(headers)

    async def test_a_token_for_another_api_and_one_that_was_changed(self):
        api = ApiClient(ApiClientOptions(domain=domain, audience="https://another.exampleco.com"))
        with self.assertRaises(VerifyAccessTokenError):
            await api.verify_access_token(token())
        head, payload, signature = token().split(".")
        api = ApiClient(ApiClientOptions(domain=domain, audience=audience))
        with self.assertRaises(VerifyAccessTokenError):
            await api.verify_access_token(f"{head}.{payload}.{signature[::-1]}")

    async def test_several_domains(self):
        api = ApiClient(ApiClientOptions(domains=["other.example.com", domain], audience=audience))
        self.assertEqual((await api.verify_access_token(token()))["iss"], issuer)


unittest.main(verbosity=2)
