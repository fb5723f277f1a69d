// @auth0/auth0-server-js, the base of the SDKs of server frameworks, with its stores in one cookie jar.
import assert from "node:assert/strict";
import test from "node:test";
import { CookieTransactionStore, ServerClient, StatelessStateStore } from "@auth0/auth0-server-js";
import { audience, Browser, domain, origin, person, web } from "./browser.mjs";

function make() {
  const jar = new Map();
  const cookies = {
    setCookie: (name, value) => void jar.set(name, value), getCookie: (name) => jar.get(name),
    getCookies: () => Object.fromEntries(jar), deleteCookie: (name) => void jar.delete(name),
  };
  const options = { secret: "of-the-cookies-of-this-application" };
  return new ServerClient({
    domain, ...web, authorizationParams: { redirect_uri: `${origin}/callback`, audience, scope: "openid profile email offline_access" },
    transactionStore: new CookieTransactionStore(options, cookies), stateStore: new StatelessStateStore(options, cookies),
  });
}

for (const pushedAuthorizationRequests of [false, true]) {
  test(`a login${pushedAuthorizationRequests ? " by a pushed request" : ""}, an access token and a logout`, async () => {
    const client = make();
    const start = await client.startInteractiveLogin({ pushedAuthorizationRequests });
    const { url } = await new Browser().logIn(start.href);
    await client.completeInteractiveLogin(url);
    assert.equal((await client.getUser()).email, person.email);
    assert.ok((await client.getAccessToken()).accessToken);
    const logout = await client.logout({ returnTo: origin });
    assert.match(logout.pathname, /^\/(oidc|v2)\/logout$/);
    assert.equal(await client.getUser(), undefined);
  });
}
