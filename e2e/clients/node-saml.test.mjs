// @node-saml/node-saml as a service provider that logs people in to the tenant by SAML, and out again.
import assert from "node:assert/strict";
import test, { before } from "node:test";
import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { attribute, Browser, issuer, origin, person, posted } from "./browser.mjs";

const audience = "urn:the-portal";
const callbackUrl = `${origin}/saml/acs`;
let settings;

// What a service provider has to know of the tenant is in the metadata of the application.
before(async () => {
  const answer = await fetch(`${issuer}samlp/metadata/ClientsPortal`);
  const metadata = await answer.text();
  assert.equal(answer.status, 200, metadata);
  const at = (element) => attribute([...metadata.matchAll(new RegExp(`<(?:\\w+:)?${element}[^>]*>`, "g"))].map(([tag]) => tag).find((tag) => tag.includes("HTTP-Redirect")), "Location");
  settings = {
    entryPoint: at("SingleSignOnService"), logoutUrl: at("SingleLogoutService"),
    idpCert: /<(?:\w+:)?X509Certificate>([^<]+)</.exec(metadata)[1], idpIssuer: attribute(/<(?:\w+:)?EntityDescriptor[^>]*>/.exec(metadata)[0], "entityID"),
  };
});

const provider = (more) =>
  new SAML({
    ...settings, issuer: audience, audience, callbackUrl, logoutCallbackUrl: `${origin}/saml/slo`, wantAssertionsSigned: true, wantAuthnResponseSigned: false,
    validateInResponseTo: ValidateInResponseTo.always, ...more,
  });

// answered brings a browser from a request to the page that posts the answer to the application, and returns what it posts.
async function answered(browser, url) {
  const page = await browser.logIn(url);
  const { action, fields } = posted(page);
  assert.equal(action, callbackUrl, page.text);
  return Object.fromEntries(fields);
}

for (const authnRequestBinding of ["HTTP-Redirect", "HTTP-POST"]) {
  test(`a login with a request by ${authnRequestBinding}`, async () => {
    const sp = provider({ authnRequestBinding });
    const browser = new Browser();
    let answer;
    if (authnRequestBinding === "HTTP-Redirect") {
      answer = await answered(browser, await sp.getAuthorizeUrlAsync("where I was", undefined, {}));
    } else {
      const { action, fields } = posted({ url: callbackUrl, text: await sp.getAuthorizeFormAsync("where I was") });
      const leaves = (to) => to.origin === origin;
      let page = await browser.open(action, { method: "POST", body: fields }, leaves);
      page = await browser.submit(page, { username: person.email, password: person.password, action: "default" }, leaves);
      answer = Object.fromEntries(posted(page).fields);
    }
    assert.equal(answer.RelayState, "where I was");
    const { profile, loggedOut } = await sp.validatePostResponseAsync(answer);
    assert.equal(loggedOut, false);
    assert.equal(profile["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"], person.email);
    assert.equal(profile["http://schemas.auth0.com/identities/default/provider"], "auth0");
    assert.match(profile.nameID, /^auth0\|/);
    assert.equal(profile.issuer, settings.idpIssuer);
    // A second login finds the session and asks nobody; an answer is good once.
    const again = await browser.open(await sp.getAuthorizeUrlAsync("", undefined, {}));
    const second = Object.fromEntries(posted(again).fields);
    assert.equal((await sp.validatePostResponseAsync(second)).profile.nameID, profile.nameID);
    await assert.rejects(sp.validatePostResponseAsync(second), /InResponseTo/);
  });
}

test("another tenant's answer proves nothing", async () => {
  const answer = await answered(new Browser(), await provider().getAuthorizeUrlAsync("", undefined, {}));
  await assert.rejects(provider({ audience: "urn:another" }).validatePostResponseAsync(answer));
  const text = Buffer.from(answer.SAMLResponse, "base64").toString().replace(person.email, "boss@exampleco.com");
  await assert.rejects(provider({ validateInResponseTo: ValidateInResponseTo.never }).validatePostResponseAsync({ SAMLResponse: Buffer.from(text).toString("base64") }), /signature/i);
});

test("a logout that the application begins", async () => {
  const sp = provider({ validateInResponseTo: ValidateInResponseTo.ifPresent }); // it looks for none in the answer to a logout by POST
  const browser = new Browser();
  const { profile } = await sp.validatePostResponseAsync(await answered(browser, await sp.getAuthorizeUrlAsync("", undefined, {})));
  const page = await browser.open(await sp.getLogoutUrlAsync(profile, "bye", {}), {}, (to) => to.origin === origin);
  let said;
  if (page.url.origin === origin) {
    const query = page.url.search.slice(1);
    said = await sp.validateRedirectAsync(Object.fromEntries(page.url.searchParams), query);
  } else {
    said = await sp.validatePostResponseAsync(Object.fromEntries(posted(page).fields));
  }
  assert.equal(said.loggedOut, true);
  const login = await browser.open(await sp.getAuthorizeUrlAsync("", undefined, {}));
  assert.match(login.url.pathname, /\/u\/login/);
});
