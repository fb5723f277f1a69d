// A person's browser without JavaScript: it keeps cookies by host, follows redirects within the tenant and fills in the forms
// of its pages, as the programs do that log in without a real browser.
import assert from "node:assert/strict";

export const domain = process.env.AUTH0_DOMAIN;
export const issuer = `https://${domain}/`;
export const origin = process.env.ORIGIN; // of the application
export const control = process.env.TENANT0_CONTROL_URL;
export const audience = "https://api.exampleco.com/timesheets";
export const person = { email: "employee@exampleco.com", password: "ExampleCo!2026" };
export const web = { clientId: "ClientsWeb", clientSecret: "a-secret-of-this-test-only" };
export const native = { clientId: "ClientsNative" };
export const machine = { clientId: "ClientsMachine", clientSecret: "a-secret-of-the-machine" };

export class Browser {
  #jars = new Map();

  // request sends one request and keeps the cookies of its answer.
  async request(url, init = {}) {
    const jar = this.#jars.get(new URL(url).host) ?? new Map();
    this.#jars.set(new URL(url).host, jar);
    const headers = new Headers(init.headers);
    if (jar.size) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const answer = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0|max-age=-|expires=thu, 01 jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return answer;
  }

  // open follows redirects until a page is shown or the way leads to a URL that leaves(url) is true for, and returns the URL,
  // the status and the text of where it ends.
  async open(url, init, leaves = () => false) {
    for (let step = 0; step < 12; step++) {
      const answer = await this.request(url, init);
      const location = answer.headers.get("location");
      if (!location) return { url: new URL(url), status: answer.status, text: await answer.text() };
      await answer.text();
      url = new URL(location, url).href;
      if (leaves(new URL(url))) return { url: new URL(url), status: answer.status, text: "" };
      init = {};
    }
    assert.fail(`redirects without end, the last to ${url}`);
  }

  // submit sends the form of a page, with what a person fills in.
  async submit(page, fields, leaves) {
    const form = /<form[^>]*method="post"[\s\S]*?<\/form>/i.exec(page.text)?.[0];
    assert.ok(form, `a form at ${page.url}, which answers ${page.status}: ${page.text.slice(0, 2000)}`);
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*type="hidden"[^>]*>/gi)) body.set(attribute(input, "name"), attribute(input, "value"));
    for (const [name, value] of Object.entries(fields)) [].concat(value).forEach((v, i) => (i ? body.append(name, v) : body.set(name, v)));
    const action = attribute(/<form[^>]*>/i.exec(form)[0], "action");
    return this.open(new URL(action || page.url.href, page.url).href, { method: "POST", body }, leaves);
  }

  // logIn goes to a URL of the tenant, logs the person in and agrees to what is asked, and returns where the way to the
  // application begins: the URL, or the page that posts to it.
  async logIn(url, who = person) {
    const leaves = (to) => to.origin === origin;
    let page = await this.open(url, {}, leaves);
    for (let step = 0; step < 6 && !leaves(page.url); step++) {
      if (/\/u\/login/.test(page.url.pathname)) page = await this.submit(page, { username: who.email, password: who.password, action: "default" }, leaves);
      else if (/\/u\/consent/.test(page.url.pathname)) page = await this.submit(page, { action: "accept", "scope[]": scopes(page.text) }, leaves);
      else return page;
    }
    return page;
  }
}

// scopes are those that a consent page asks for.
const scopes = (page) => [...page.matchAll(/<input[^>]*name="scope\[\]"[^>]*>/g)].map(([input]) => attribute(input, "value"));

export function attribute(tag, name) {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "";
  return value.replaceAll("&amp;", "&").replaceAll("&#34;", '"').replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&#43;", "+");
}

// posted are the fields that a page of response_mode=form_post posts to the application, and where to.
export function posted(page) {
  const form = /<form[\s\S]*<\/form>/i.exec(page.text)?.[0];
  assert.ok(form, `a form at ${page.url}: ${page.status} ${page.text.slice(0, 2000)}`);
  const fields = new URLSearchParams();
  for (const [input] of form.matchAll(/<input[^>]*>/gi)) fields.set(attribute(input, "name"), attribute(input, "value"));
  return { action: attribute(/<form[^>]*>/i.exec(form)[0], "action"), fields };
}

// codeFor waits for the next message to an address or a number in the tenant's inbox, and returns the code in it.
export async function codeFor(to) {
  const answer = await fetch(`${control}/inbox/wait?${new URLSearchParams({ to })}`);
  assert.equal(answer.status, 200, `a message to ${to}`);
  const message = await answer.json();
  assert.match(message.code ?? "", /^\d{6}$/, `a code in ${JSON.stringify(message)}`);
  return message.code;
}

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

// atGoogle has Google's simulation know one person, who allows whatever is asked.
export async function atGoogle(id) {
  const send = async (method, path, body) => {
    const answer = await fetch(`${control}/providers/google-oauth2/${path}`, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  await send("POST", "people", { id, profile: { email: `${id}@gmail.example` } });
  await send("PUT", "choice", { outcome: "allow", person: id });
}
