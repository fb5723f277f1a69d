// Auth.js, which is next-auth from version 5 on, with its Auth0 provider.
import assert from "node:assert/strict";
import test from "node:test";
import { Auth } from "@auth/core";
import Auth0 from "@auth/core/providers/auth0";
import { Browser, issuer, origin, person, web } from "./browser.mjs";

const config = {
  secret: "of-the-cookies-of-this-application", trustHost: true, basePath: "/auth",
  providers: [Auth0({ clientId: web.clientId, clientSecret: web.clientSecret, issuer: issuer.slice(0, -1) })],
};

test("a login", async () => {
  const jar = new Map();
  const ask = async (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("cookie", [...jar].map(([n, v]) => `${n}=${v}`).join("; "));
    const answer = await Auth(new Request(new URL(path, origin), { ...init, headers }), config);
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      value ? jar.set(name, value) : jar.delete(name);
    }
    return answer;
  };
  const { csrfToken } = await (await ask("/auth/csrf")).json();
  const start = await ask("/auth/signin/auth0", { method: "POST", body: new URLSearchParams({ csrfToken }) });
  const { url } = await new Browser().logIn(start.headers.get("location"));
  await ask(url.href);
  assert.equal((await (await ask("/auth/session")).json()).user.email, person.email);
});
