"""auth0-server-python, the base of Auth0's SDKs for FastAPI and others: a confidential application with sessions."""
import unittest

from auth0_server_python.auth_server.server_client import ServerClient
from auth0_server_python.auth_types import ConnectAccountOptions, LogoutOptions, StartInteractiveLoginOptions
from auth0_server_python.error import AccessTokenError, MissingTransactionError

from browser import Browser, at_google, audience, callback, domain, email, origin, web


class Store:
    """What the application keeps."""

    def __init__(self):
        self.kept = {}

    async def set(self, identifier, state, remove_if_expires=False, options=None):
        self.kept[identifier] = state

    async def get(self, identifier, options=None):
        return self.kept.get(identifier)

    async def delete(self, identifier, options=None):
        self.kept.pop(identifier, None)

    async def delete_by_logout_token(self, claims, options=None):
        self.kept = {}


def client(**more):
    return ServerClient(
        domain=domain, client_id=web[0], client_secret=web[1], redirect_uri=callback, secret="of-the-cookies-of-this-application-only",
        transaction_store=Store(), state_store=Store(), authorization_params={"audience": audience, "scope": "openid email offline_access"}, **more,
    )


class Server(unittest.IsolatedAsyncioTestCase):
    async def log_in(self, application, **options):
        url = await application.start_interactive_login(StartInteractiveLoginOptions(app_state={"to": "/profile"}, **options))
        return await application.complete_interactive_login(Browser().log_in(url))

    async def test_a_login_and_a_token(self):
        application = client()
        done = await self.log_in(application)
        self.assertEqual(done["app_state"], {"to": "/profile"})
        self.assertEqual((await application.get_user())["email"], email)
        self.assertEqual(len((await application.get_access_token()).split(".")), 3)

    async def test_a_login_by_a_pushed_request(self):
        application = client(pushed_authorization_requests=True)
        url = await application.start_interactive_login()
        self.assertIn("request_uri=", url)
        await application.complete_interactive_login(Browser().log_in(url))
        self.assertEqual((await application.get_user())["email"], email)

    async def test_a_refresh(self):
        application = client()
        await self.log_in(application)
        session = await application.get_session()
        answer = await application.get_token_by_refresh_token({"refresh_token": session["refresh_token"]})
        self.assertTrue(answer["access_token"])

    async def test_the_answer_of_a_login_that_another_browser_began(self):
        url = Browser().log_in(await client().start_interactive_login())
        with self.assertRaises(MissingTransactionError):
            await client().complete_interactive_login(url)

    async def test_an_account_that_is_connected(self):
        at_google("1082")
        application = client()
        await self.log_in(application)
        url = await application.start_connect_account(ConnectAccountOptions(connection="google-oauth2", scopes=["email"], app_state={"to": "/calendar"}))
        back, _ = Browser().open(url)
        done = await application.complete_connect_account(back)
        self.assertEqual((done.connection, done.scopes, done.app_state), ("google-oauth2", ["email"], {"to": "/calendar"}))
        with self.assertRaises(MissingTransactionError):
            await application.complete_connect_account(back)
        listed = await application.list_connected_accounts()
        self.assertEqual([account.id for account in listed.accounts], [done.id])
        self.assertEqual([one.name for one in (await application.list_connected_account_connections()).connections], ["google-oauth2"])
        await application.delete_connected_account(done.id)
        self.assertEqual((await application.list_connected_accounts()).accounts, [])

    async def test_a_logout(self):
        application = client()
        await self.log_in(application)
        url = await application.logout(LogoutOptions(return_to=origin))
        self.assertEqual(Browser().open(url), (origin, None))
        self.assertIsNone(await application.get_user())
        with self.assertRaises(AccessTokenError):
            await application.get_access_token()


unittest.main(verbosity=2)
