// openid-client, the strictest of the clients.
import assert from "node:assert/strict";
import test from "node:test";
import * as client from "openid-client";
import { audience, Browser, issuer, machine, native, origin, person, posted, web } from "./browser.mjs";

const confidential = () => client.discovery(new URL(issuer), web.clientId, web.clientSecret);
const callback = `${origin}/callback`;

// logIn runs an authorization request in a browser and exchanges its code.
async function logIn(config, parameters = {}, browser = new Browser()) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const request = {
    redirect_uri: callback, scope: "openid profile email offline_access read:timesheets", audience, state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...parameters,
  };
  const { url } = await browser.logIn(client.buildAuthorizationUrl(config, request).href);
  const tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, maxAge: parameters.max_age && Number(parameters.max_age),
  });
  return { tokens, browser };
}

test("authorization code with PKCE, userinfo and refresh", async () => {
  const config = await confidential();
  const { tokens } = await logIn(config);
  const { sub, email } = tokens.claims();
  assert.equal(email, person.email);
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub)).email, person.email);
  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.equal(fresh.claims().sub, sub);
});

test("max_age and prompt=login bring auth_time", async () => {
  const { tokens } = await logIn(await confidential(), { max_age: "3600" });
  assert.equal(typeof tokens.claims().auth_time, "number");
});

test("prompt=none without a session is login_required", async () => {
  await assert.rejects(logIn(await confidential(), { prompt: "none" }), (e) => e.error === "login_required");
});

test("a public client, and a code that is used twice", async () => {
  const config = await client.discovery(new URL(issuer), native.clientId, undefined, client.None());
  const { tokens } = await logIn(config);
  assert.ok(tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, `${tokens.refresh_token}x`), (e) => e.error === "invalid_grant");
});

test("client credentials by basic and by post", async () => {
  for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
    const config = await client.discovery(new URL(issuer), machine.clientId, undefined, authentication(machine.clientSecret));
    const tokens = await client.clientCredentialsGrant(config, { audience });
    assert.equal(tokens.scope, "read:timesheets");
  }
});

test("a pushed authorization request", async () => {
  const config = await confidential();
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: callback, scope: "openid email", state, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  assert.equal(url.searchParams.get("scope"), null);
  const { url: answer } = await new Browser().logIn(url.href);
  const tokens = await client.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier, expectedState: state, idTokenExpected: true });
  assert.equal(tokens.claims().email, person.email);
});

test("implicit: an ID token by fragment", async () => {
  const config = await confidential();
  client.useIdTokenResponseType(config);
  const nonce = client.randomNonce();
  const state = client.randomState();
  const { url } = await new Browser().logIn(client.buildAuthorizationUrl(config, { redirect_uri: callback, scope: "openid email", nonce, state }).href);
  const claims = await client.implicitAuthentication(config, url, nonce, { expectedState: state });
  assert.equal(claims.email, person.email);
});

test("hybrid: a code and an ID token by form_post", async () => {
  const config = await confidential();
  client.useCodeIdTokenResponseType(config);
  const [nonce, state, verifier] = [client.randomNonce(), client.randomState(), client.randomPKCECodeVerifier()];
  const page = await new Browser().logIn(client.buildAuthorizationUrl(config, {
    redirect_uri: callback, scope: "openid email", nonce, state, response_mode: "form_post",
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  }).href);
  const { action, fields } = posted(page);
  assert.equal(action, callback);
  const request = new Request(action, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: fields });
  const tokens = await client.authorizationCodeGrant(config, request, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  assert.equal(tokens.claims().email, person.email);
});

test("the device flow", async () => {
  const config = await client.discovery(new URL(issuer), native.clientId, undefined, client.None());
  const device = await client.initiateDeviceAuthorization(config, { scope: "openid offline_access read:timesheets", audience });
  const poll = client.pollDeviceAuthorizationGrant(config, device);
  const browser = new Browser();
  let page = await browser.logIn(device.verification_uri_complete);
  for (let step = 0; step < 4 && /<form/i.test(page.text); step++) {
    page = /u\/login/.test(page.url.pathname)
      ? await browser.submit(page, { username: person.email, password: person.password, action: "default" })
      : await browser.submit(page, { action: "confirm" });
  }
  const tokens = await poll;
  assert.ok(tokens.refresh_token);
});

test("revocation of a refresh token", async () => {
  const config = await confidential();
  const { tokens } = await logIn(config);
  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), (e) => e.error === "invalid_grant");
});

test("RP-initiated logout", async () => {
  const config = await confidential();
  const { tokens, browser } = await logIn(config);
  const url = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: origin, state: "s" });
  const end = await browser.open(url.href, {}, (to) => to.origin === origin);
  assert.equal(end.url.origin, origin);
  await assert.rejects(logIn(config, { prompt: "none" }, browser), (e) => e.error === "login_required");
});
