// express-openid-connect with its defaults: an ID token by form_post; then with pushed requests, and back-channel logout.
import assert from "node:assert/strict";
import http from "node:http";
import test, { after } from "node:test";
import express from "express";
import eoidc from "express-openid-connect";
import { Browser, issuer, origin, person, posted, web } from "./browser.mjs";

// The application of the test that runs answers at the origin.
let app;
const server = http.createServer((request, response) => app(request, response)).listen(new URL(origin).port, "127.0.0.1");
after(() => { server.close(); server.closeAllConnections(); });

// serve makes the application with settings of the SDK.
function serve(settings) {
  app = express();
  app.use(eoidc.auth({ issuerBaseURL: issuer.slice(0, -1), baseURL: origin, clientID: web.clientId, secret: "of-the-cookies-of-this-application", authRequired: false, ...settings }));
  app.get("/me", (req, res) => res.json(req.oidc.user ?? null));
}

const me = async (browser) => JSON.parse((await browser.open(`${origin}/me`)).text);

test("the default: an ID token, posted by a form", async () => {
  serve({});
  const browser = new Browser();
  const { action, fields } = posted(await browser.logIn(`${origin}/login`));
  assert.equal(action, `${origin}/callback`);
  await browser.open(action, { method: "POST", body: fields });
  assert.equal((await me(browser)).email, person.email);
});

test("a code by a pushed request", async () => {
  serve({ clientSecret: web.clientSecret, pushedAuthorizationRequests: true, authorizationParams: { response_type: "code", scope: "openid email" } });
  const browser = new Browser();
  const { url } = await browser.logIn(`${origin}/login`);
  await browser.open(url.href);
  assert.equal((await me(browser)).email, person.email);
});

test("a back-channel logout ends the session of the application", async () => {
  const sessions = new Map();
  const store = { get: (id, done) => done(null, sessions.get(id)), set: (id, s, done) => { sessions.set(id, s); done?.(null); }, destroy: (id, done) => { sessions.delete(id); done?.(null); } };
  serve({ clientSecret: web.clientSecret, authorizationParams: { response_type: "code", scope: "openid email" }, session: { store }, backchannelLogout: { store } });
  const browser = new Browser();
  const { url } = await browser.logIn(`${origin}/login`);
  await browser.open(url.href);
  assert.equal((await me(browser)).email, person.email);
  await browser.open(`${issuer}v2/logout?client_id=${web.clientId}`);
  for (const until = Date.now() + 20_000; (await me(browser)) !== null;) {
    assert.ok(Date.now() < until, "the session of the application ends");
    await new Promise((later) => setTimeout(later, 50));
  }
});
