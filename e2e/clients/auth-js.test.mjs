// @auth0/auth0-auth-js, the base of the newer SDKs for servers.
import assert from "node:assert/strict";
import test from "node:test";
import { AuthClient } from "@auth0/auth0-auth-js";
import { audience, Browser, claimsOf, codeFor, domain, origin, person, web } from "./browser.mjs";

const make = (more = {}) => new AuthClient({ domain, ...web, authorizationParams: { redirect_uri: `${origin}/callback`, scope: "openid profile email offline_access", audience }, ...more });

async function logIn(client, options = {}) {
  const { authorizationUrl, codeVerifier } = await client.buildAuthorizationUrl(options);
  const { url } = await new Browser().logIn(authorizationUrl.href);
  return client.getTokenByCode(url, { codeVerifier });
}

test("a login, with a refresh", async () => {
  const client = make();
  const tokens = await logIn(client);
  assert.equal(tokens.claims.email, person.email);
  assert.ok((await client.getTokenByRefreshToken({ refreshToken: tokens.refreshToken })).accessToken);
});

test("a login by a pushed request", async () => {
  const tokens = await logIn(make(), { pushedAuthorizationRequests: true });
  assert.equal(tokens.claims.email, person.email);
});

test("client credentials", async () => {
  const tokens = await make().getTokenByClientCredentials({ audience });
  assert.equal(claimsOf(tokens.accessToken).scope, "read:timesheets");
});

test("a password, right and wrong", async () => {
  const client = make();
  const tokens = await client.getTokenByPassword({ username: person.email, password: person.password, scope: "openid email", audience });
  assert.equal(tokens.claims.email, person.email);
  await assert.rejects(client.getTokenByPassword({ username: person.email, password: "wrong" }), (e) => e.cause?.error === "invalid_grant");
});

test("userinfo and revocation", async () => {
  const client = make();
  const tokens = await logIn(client);
  assert.equal((await client.getUserInfo({ accessToken: tokens.accessToken })).email, person.email);
  await client.revokeToken({ token: tokens.refreshToken });
  await assert.rejects(client.getTokenByRefreshToken({ refreshToken: tokens.refreshToken }));
});

test("the URL of a logout", async () => {
  const url = await make().buildLogoutUrl({ returnTo: origin });
  assert.match(url.pathname, /^\/(oidc|v2)\/logout$/);
});

test("a sign-up and a new password", async () => {
  const { database } = make();
  const connection = "Username-Password-Authentication";
  const made = await database.signUp({ email: "new@exampleco.com", password: "ExampleCo!2027", connection });
  assert.equal(made.email, "new@exampleco.com");
  assert.match(await database.changePassword({ email: "new@exampleco.com", connection }), /email to reset/);
});

test("a code by e-mail", async () => {
  const client = make();
  const email = "guest@exampleco.com";
  await client.passwordless.sendEmail({ email, send: "code" });
  const tokens = await client.getTokenByPasswordlessEmail({ email, code: await codeFor(email), scope: "openid email" });
  assert.equal(tokens.claims.email, email);
});
