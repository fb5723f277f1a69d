// AuthenticationClient of npm's auth0, as those use it who came with version 4.
import assert from "node:assert/strict";
import test from "node:test";
import { AuthenticationClient, UserInfoClient } from "auth0/legacy";
import { audience, Browser, claimsOf, codeFor, domain, issuer, origin, person, web } from "./browser.mjs";

const client = new AuthenticationClient({ domain, ...web });
const callback = `${origin}/callback`;
const connection = "Username-Password-Authentication";

async function tokens() {
  const query = new URLSearchParams({ response_type: "code", client_id: web.clientId, redirect_uri: callback, scope: "openid email offline_access", audience });
  const { url } = await new Browser().logIn(`${issuer}authorize?${query}`);
  return (await client.oauth.authorizationCodeGrant({ code: url.searchParams.get("code"), redirect_uri: callback })).data;
}

test("a code, a refresh and userinfo", async () => {
  const { id_token, access_token, refresh_token } = await tokens();
  assert.equal(claimsOf(id_token).email, person.email);
  assert.equal((await new UserInfoClient({ domain }).getUserInfo(access_token)).data.email, person.email);
  assert.ok((await client.oauth.refreshTokenGrant({ refresh_token })).data.access_token);
});

test("client credentials", async () => {
  const { data } = await client.oauth.clientCredentialsGrant({ audience });
  assert.equal(data.token_type, "Bearer");
});

test("a password, with and without a realm", async () => {
  const login = { username: person.email, password: person.password, audience, scope: "openid email" };
  for (const realm of [undefined, connection]) {
    const { data } = await client.oauth.passwordGrant({ ...login, ...(realm && { realm }) });
    assert.equal(claimsOf(data.id_token).email, person.email);
  }
  await assert.rejects(client.oauth.passwordGrant({ ...login, password: "wrong" }), (e) => e.statusCode === 403 && e.error === "invalid_grant" && /Wrong email or password/.test(e.error_description));
});

test("the end of a refresh token", async () => {
  const { refresh_token } = await tokens();
  await client.oauth.revokeRefreshToken({ token: refresh_token });
  await assert.rejects(client.oauth.refreshTokenGrant({ refresh_token }), (e) => e.error === "invalid_grant");
});

test("a pushed request", async () => {
  const { data } = await client.oauth.pushedAuthorization({ client_id: web.clientId, response_type: "code", redirect_uri: callback, scope: "openid" });
  assert.match(data.request_uri, /^urn:/);
  const { url } = await new Browser().logIn(`${issuer}authorize?${new URLSearchParams({ client_id: web.clientId, request_uri: data.request_uri })}`);
  assert.ok(url.searchParams.get("code"), url.href);
});

test("a sign-up and a new password", async () => {
  const { data } = await client.database.signUp({ email: "legacy@exampleco.com", password: "ExampleCo!2027", connection });
  assert.equal(data.email, "legacy@exampleco.com");
  const answer = await client.database.changePassword({ email: "legacy@exampleco.com", connection });
  assert.match(answer.data, /email to reset/);
});

test("a code by e-mail and by text message", async () => {
  const email = "guest@exampleco.com";
  await client.passwordless.sendEmail({ email, send: "code" });
  const { data } = await client.passwordless.loginWithEmail({ email, code: await codeFor(email), scope: "openid email" });
  assert.equal(claimsOf(data.id_token).email, email);
  const phone_number = "+15550100";
  await client.passwordless.sendSMS({ phone_number });
  const sms = await client.passwordless.loginWithSMS({ phone_number, code: await codeFor(phone_number), scope: "openid profile" });
  assert.match(claimsOf(sms.data.id_token).sub, /^sms\|/);
});
