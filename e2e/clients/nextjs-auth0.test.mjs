// @auth0/nextjs-auth0 with Next's own requests and answers: what a browser asks of a Next application goes to its middleware.
import assert from "node:assert/strict";
import test from "node:test";
import { Auth0Client } from "@auth0/nextjs-auth0/server";
import { NextRequest } from "next/server.js";
import { audience, Browser, claimsOf, domain, origin, person, web } from "./browser.mjs";

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
  return { auth0, ask, logIn, session: () => auth0.getSession(request("/")) };
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
