// npm's oidc-provider as the identity provider of a connection: another program's real logins, consents and refusals.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import Provider from "oidc-provider";
import { attribute, Browser, claimsOf, issuer, machine, origin, web } from "./browser.mjs";

const client_secret = "a-secret-of-the-provider-only";
const redirect_uris = [`${issuer}login/callback`];
const connections = {
  basic: { client_id: "basic", token_endpoint_auth_method: "client_secret_basic" },
  post: { client_id: "post", token_endpoint_auth_method: "client_secret_post" },
};
const server = createServer();
let management;

before(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const at = `http://localhost:${server.address().port}`;
  const provider = new Provider(at, {
    clients: Object.values(connections).map((client) => ({ client_secret, redirect_uris, ...client })),
    claims: { email: ["email", "email_verified"], profile: ["name", "groups"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@provider.example`, email_verified: true, name: `The ${id}`, groups: ["Staff"] }) }),
    cookies: { keys: ["of-the-cookies-of-the-provider"] },
  });
  server.on("request", provider.callback());

  const answer = await fetch(`${issuer}oauth/token`, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ grant_type: "client_credentials", client_id: machine.clientId, client_secret: machine.clientSecret, audience: `${issuer}api/v2/` }),
  });
  const { access_token } = await answer.json();
  management = async (method, path, body) => {
    const answer = await fetch(`${issuer}api/v2${path}`, { method, headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" }, body: body && JSON.stringify(body) });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  for (const [name, { client_id }] of Object.entries(connections)) {
    await management("POST", "/connections", {
      name, strategy: "oidc", enabled_clients: [web.clientId],
      options: {
        type: "back_channel", discovery_url: `${at}/.well-known/openid-configuration`, scope: "openid profile email",
        client_id, client_secret,
      },
    });
  }
});
after(() => server.close());

const leaves = (to) => to.origin === origin;
const authorize = (connection) =>
  `${issuer}authorize?${new URLSearchParams({ client_id: web.clientId, connection, response_type: "code", redirect_uri: `${origin}/callback`, scope: "openid profile email", state: "the state" })}`;

// logIn answers the provider's pages as a person, and returns where the application is called.
async function logIn(browser, connection, login) {
  let page = await browser.open(authorize(connection), {}, leaves);
  for (let step = 0; step < 4 && !leaves(page.url); step++) {
    page = await browser.submit(page, /name="login"/.test(page.text) ? { login, password: "any" } : {}, leaves);
  }
  return page.url;
}

async function claims(url) {
  assert.equal(url.searchParams.get("state"), "the state", url.href);
  const answer = await fetch(`${issuer}oauth/token`, {
    method: "POST", body: new URLSearchParams({ grant_type: "authorization_code", client_id: web.clientId, client_secret: web.clientSecret, code: url.searchParams.get("code"), redirect_uri: `${origin}/callback` }),
  });
  return claimsOf((await answer.json()).id_token);
}

for (const connection of Object.keys(connections)) {
  test(`a login by the connection ${connection}`, async () => {
    const browser = new Browser();
    const of = await claims(await logIn(browser, connection, "olga"));
    assert.equal(of.sub, `oidc|${connection}|olga`);
    const user = await management("GET", `/users/${encodeURIComponent(of.sub)}`);
    assert.equal(user.identities[0].connection, connection);
    assert.equal(of.email, "olga@provider.example");
    assert.deepEqual(user.groups, ["Staff"]);
    // The second login finds the sessions of the tenant and of the provider.
    assert.equal((await claims(await logIn(browser, connection, "nobody"))).sub, of.sub);
  });
}

test("a login that the person gives up", async () => {
  const browser = new Browser();
  const page = await browser.open(authorize("basic"), {}, leaves);
  const abort = /<a[^>]*href="[^"]*\/abort"[^>]*>/.exec(page.text)[0];
  const { url } = await browser.open(new URL(attribute(abort, "href"), page.url).href, {}, leaves);
  assert.equal(url.searchParams.get("error"), "access_denied", url.href);
  assert.equal(url.searchParams.get("error_description"), "End-User aborted interaction");
});

test("a provider that does not know the tenant's secret", async () => {
  const [{ id, options }] = await management("GET", "/connections?name=post");
  await management("PATCH", `/connections/${id}`, { options: { ...options, client_secret: "another" } });
  const url = await logIn(new Browser(), "post", "olga");
  assert.equal(url.searchParams.get("error"), "invalid_client", url.href);
});
