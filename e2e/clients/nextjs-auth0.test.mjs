// @auth0/nextjs-auth0 with Next's own requests and answers: what a browser asks of a Next application goes to its middleware.
import assert from "node:assert/strict";
import test from "node:test";
import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { NextRequest, NextResponse } from "next/server.js";
import { atGoogle, audience, Browser, claimsOf, domain, origin, person, web } from "./browser.mjs";

// On localhost, and beside any port, it needs its insecure switch, and a URL for a domain.
const local = domain.startsWith("localhost:");
const options = {
  ...(local ? { domain: `https://${domain}`, allowInsecureRequests: true } : { domain }),
  ...web, appBaseUrl: origin, secret: "of-the-cookies-of-this-application-only", authorizationParameters: { audience, scope: "openid profile email offline_access" },
};

// application is a Next application for one browser, which keeps its cookies.
function application(more) {
  const auth0 = new Auth0Client({ ...options, ...more });
  const jar = new Map();
  const request = (url) => new NextRequest(new URL(url, origin), { headers: { cookie: [...jar].map(([n, v]) => `${n}=${v}`).join("; ") } });
  const ask = async (url) => {
    const answer = await auth0.middleware(request(url));
    for (const { name, value, maxAge } of answer.cookies.getAll()) value && maxAge !== 0 ? jar.set(name, value) : jar.delete(name);
    return answer;
  };
  const logIn = async (browser, path = "/auth/login") => {
    const start = await ask(path);
    const { url } = await browser.logIn(start.headers.get("location"));
    const done = await ask(url.href);
    assert.equal(done.status, 307, await done.text());
    return done.headers.get("location");
  };
  // with runs what a route of the application does, which may change its session.
  const with_ = async (what) => {
    const answer = new NextResponse();
    const got = await what(auth0, request("/"), answer);
    for (const { name, value, maxAge } of answer.cookies.getAll()) value && maxAge !== 0 ? jar.set(name, value) : jar.delete(name);
    return got;
  };
  return { auth0, ask, logIn, with: with_, session: () => auth0.getSession(request("/")) };
}

test("a login, the session and a token", async () => {
  const app = application();
  assert.equal(await app.logIn(new Browser(), "/auth/login?returnTo=/profile"), `${origin}/profile`);
  const { user, tokenSet, internal } = await app.session();
  assert.equal(user.email, person.email);
  assert.ok(internal.sid, "a session's id");
  assert.equal(claimsOf(tokenSet.accessToken).aud.includes(audience), true);
  assert.equal((await (await app.ask("/auth/profile")).json()).email, person.email);
  assert.equal((await (await app.ask("/auth/access-token")).json()).token, tokenSet.accessToken);
});

test("a login by a pushed request", async () => {
  const app = application({ pushedAuthorizationRequests: true });
  await app.logIn(new Browser());
  assert.equal((await app.session()).user.email, person.email);
});

test("a refresh", async () => {
  const app = application({ tokenRefreshBuffer: 1e6 }); // each token is too old at once
  await app.logIn(new Browser());
  const before = (await app.session()).tokenSet;
  const { token } = await (await app.ask("/auth/access-token")).json();
  assert.notEqual(token, before.accessToken);
});

test("a logout, which ends the refresh token and the tenant's session", async () => {
  const app = application();
  const browser = new Browser();
  await app.logIn(browser);
  const answer = await app.ask("/auth/logout");
  const { url } = await browser.open(answer.headers.get("location"), {}, (to) => to.origin === origin);
  assert.equal(url.href, `${origin}/`);
  assert.equal(await app.session(), null);
  const again = await app.ask("/auth/login");
  assert.equal((await browser.open(again.headers.get("location"))).url.pathname, "/u/login");
});

test("the answer of a login that another browser began", async () => {
  const start = await application().ask("/auth/login");
  const { url } = await new Browser().logIn(start.headers.get("location"));
  const answer = await application().ask(url.href);
  assert.equal(answer.status, 500);
  assert.match(await answer.text(), /state/i);
});

test("an account that is connected, its token, and its end", async () => {
  await atGoogle("1081");
  const app = application({ enableConnectAccountEndpoint: true });
  const browser = new Browser();
  await app.logIn(browser);
  const start = await app.ask("/auth/connect?connection=google-oauth2&scopes=email&scopes=https://www.googleapis.com/auth/calendar&returnTo=/calendar");
  assert.equal(start.status, 307, await start.text());
  const { url } = await browser.open(start.headers.get("location"), {}, (to) => to.origin === origin);
  assert.ok(url.searchParams.get("connect_code"), url.href);
  const done = await app.ask(url.href);
  assert.equal(done.headers.get("location"), `${origin}/calendar`, await done.text());
  const again = await app.ask(url.href);
  assert.notEqual(again.status, 307);
  const accounts = await app.with((auth0, rq, rs) => auth0.getConnectedAccounts(rq, rs));
  assert.deepEqual(accounts.map(({ connection, scopes }) => ({ connection, scopes })), [
    { connection: "google-oauth2", scopes: ["email", "https://www.googleapis.com/auth/calendar"] },
  ]);
  const { token } = await app.with((auth0, rq, rs) => auth0.getAccessTokenForConnection({ connection: "google-oauth2" }, rq, rs));
  assert.match(token, /^simulated-/);
  await app.with((auth0, rq, rs) => auth0.disconnectAccount({ connection: "google-oauth2" }, rq, rs));
  assert.deepEqual(await app.with((auth0, rq, rs) => auth0.getConnectedAccounts(rq, rs)), []);
});
