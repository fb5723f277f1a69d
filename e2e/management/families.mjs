// Drives npm's auth0 through the families of families.json, and through pages and errors.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ManagementClient, ManagementError, Management } from "auth0";

const { AUTH0_DOMAIN: domain, AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret, PUBLIC_KEY: pem, EMPLOYEE: employee } = process.env;
const statuses = new Set(); // of all answers
const observed = async (...request) => {
  const response = await fetch(...request);
  statuses.add(response.status);
  return response;
};
const management = new ManagementClient({ domain, clientId, clientSecret, fetch: observed });
const kept = { pem, employee };

// fill puts what was kept in the place of "$name.member"; "$ending" is a word of forms.
const fill = (value) => {
  if (Array.isArray(value)) return value.map(fill);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]));
  if (typeof value !== "string" || !value.startsWith("$") || value === "$ending") return value;
  const name = Object.keys(kept).filter((k) => value === "$" + k || value.startsWith("$" + k + ".")).sort((a, b) => b.length - a.length)[0];
  const path = value.slice(name.length + 2).split(".").filter(Boolean);
  return path.reduce((at, member) => at[member], kept[name]);
};

// has asserts that got has every member of want.
const has = (got, want, at) => {
  if (want === null || typeof want !== "object") return assert.equal(got, want, at);
  assert.ok(got && typeof got === "object", `${at} is ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  if (Array.isArray(want)) assert.equal(got.length, want.length, at);
  for (const member of Object.keys(want)) has(got[member], want[member], `${at}.${member}`);
};
const includes = (list, want, at) => {
  const one = list.find((item) => { try { return has(item, want, at), true; } catch { return false; } });
  assert.ok(one, `${at}: ${JSON.stringify(want)} is not in ${JSON.stringify(list)}`);
  return one;
};
const without = (object, names = []) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

const call = (path, args) => {
  const names = path.split("."), method = names.pop();
  const client = names.reduce((at, name) => at[name], management);
  assert.ok(client && typeof client[method] === "function", `there is no ${path}`);
  return client[method](...args);
};

// items are all of a list: of every page, where the answer is one of several.
const items = async (answer) => {
  if (Array.isArray(answer)) return answer;
  const all = [];
  if (answer[Symbol.asyncIterator]) for await (const item of answer) all.push(item);
  else all.push(...(Object.values(answer).find(Array.isArray) ?? []));
  return all;
};

const fails = async (promise, status, at) => {
  const error = await promise.then((answer) => assert.fail(`${at} answers ${JSON.stringify(answer)}, want ${status}`), (e) => e);
  if (error instanceof assert.AssertionError) throw error;
  assert.ok(error instanceof ManagementError, `${at}: ${error}`);
  assert.equal(error.statusCode, status, `${at}: ${error}`);
  has(error.body, { statusCode: status }, at);
  return error;
};

const run = async ({ call: path, with: args, answers, lists, count, fails: status, keep }) => {
  const promise = call(path, fill(args));
  if (status) return fails(promise, status, path);
  let answer = await promise;
  if (answers) has(answer, fill(answers), path);
  if (lists || count !== undefined) {
    const all = await items(answer);
    if (count !== undefined) assert.equal(all.length, count, `${path} lists ${JSON.stringify(all)}`);
    if (lists) answer = includes(all, fill(lists), path);
  }
  if (keep) kept[keep] = answer;
};

// exercise creates, reads, lists, changes; the family is deleted by the caller.
const exercise = async (family) => {
  const { client, create, update, replace, hidden, page } = family;
  const at = family.as ?? client, of = fill(family.of ?? []);
  if (create) {
    const body = fill(create);
    const list = async () => items(await call(client + ".list", page ? [...of, { [page]: 1 }] : of));
    let made = await call(client + ".create", [...of, body]);
    made ??= includes(await list(), without(body, hidden), client + ".create"); // some answer nothing
    kept[at] = made;
    has(made, without(body, hidden), client + ".create");
    const id = made[family.id];
    assert.ok(id, `${client} has no ${family.id}`);
    has(await call(client + ".get", [...of, id]), without(body, hidden), client + ".get");
    if (family.list !== false) {
      const all = await list();
      includes(all, { [family.id]: id }, client + ".list");
      assert.equal(new Set(all.map((one) => one[family.id])).size, all.length, `${client}.list repeats`);
    }
    const change = update ?? (replace && { ...body, ...replace });
    if (change) {
      await call(client + ".update", [...of, id, change]);
      has(await call(client + ".get", [...of, id]), without(change, hidden), client + ".update");
    }
  }
  for (const step of family.calls ?? []) await run(step);
};

const remove = async (family) => {
  const { client } = family, id = kept[family.as ?? client][family.id], of = fill(family.of ?? []);
  await call(client + ".delete", [...of, id]);
  await fails(call(client + ".get", [...of, id]), 404, client + ".get after its deletion");
};

// pages reads lists in each of the forms that the client has for them.
const pages = async () => {
  for (const name of ["one", "two", "three"]) await management.roles.create({ name });
  const offset = await management.roles.list({ per_page: 2, page: 1 });
  has(offset.response, { start: 2, limit: 2 }, "a page with totals");
  assert.equal(offset.data.length, 1, "the second page");
  const first = await management.roles.list({ per_page: 2 });
  assert.ok(first.hasNextPage(), "a first page of two");
  assert.equal((await first.getNextPage()).data.length, 1, "the page after the first");
  const past = await management.roles.list({ per_page: 2, page: 9 });
  assert.equal(past.data.length, 0, "a page past the end");
  const none = await management.roles.list({ name_filter: "nothing has this name" });
  assert.equal(none.data.length, 0, "a filter that nothing passes");
  has((await management.users.list({ q: `email:"nobody@example.com"`, search_engine: "v3" })).response, { total: 0, users: [] }, "a search");
  for (const name of ["left", "right"]) await management.organizations.create({ name });
  const checkpoint = await management.organizations.list({ take: 1 });
  assert.ok(checkpoint.response.next, "a page by checkpoint has a cursor");
  assert.equal((await items(checkpoint)).length, 2, "all pages by checkpoint");
  for (const organization of await items(await management.organizations.list())) await management.organizations.delete(organization.id);
  const newest = await management.logs.list({ per_page: 1 });
  assert.equal(newest.data.length, 1, "a page of logs");
  const some = await management.clients.list({ fields: "name", include_fields: true });
  some.data.forEach((client) => assert.deepEqual(Object.keys(client), ["name"], "fields"));
  for (const role of await items(await management.roles.list())) await management.roles.delete(role.id);
};

// errors asks for each typed error.
const errors = async () => {
  const token = async (scope) => {
    const form = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret, audience: `https://${domain}/api/v2/`, scope };
    const response = await fetch(`https://${domain}/oauth/token`, { method: "POST", body: new URLSearchParams(form) });
    return (await response.json()).access_token;
  };
  const narrow = new ManagementClient({ domain, token: await token("read:clients"), fetch: observed });
  const foreign = new ManagementClient({ domain, token: "nonsense", fetch: observed });
  await management.roles.create({ name: "taken" });
  for (const [request, type, status, code] of [
    [() => management.roles.create({ name: "" }), Management.BadRequestError, 400, "invalid_body"],
    [() => management.roles.list({ per_page: 1000 }), Management.BadRequestError, 400, "invalid_query_string"],
    [() => foreign.roles.list(), Management.UnauthorizedError, 401],
    [() => narrow.roles.list(), Management.ForbiddenError, 403, "insufficient_scope"],
    [() => management.users.get("auth0|000000000000000000000000"), Management.NotFoundError, 404, "inexistent_user"],
    [() => management.clients.get("00000000000000000000000000000000"), Management.NotFoundError, 404, "inexistent_client"],
    [() => management.roles.create({ name: "taken" }), Management.ConflictError, 409, "role_conflict"],
  ]) {
    const error = await fails(request(), status, type.name);
    assert.ok(error instanceof type, `${error} is no ${type.name}`);
    assert.equal(error.body.errorCode, code, `errorCode of ${type.name}`);
    assert.ok(error.body.message && error.body.error, `${type.name} says what is wrong`);
  }
};

const failures = [];
const attempt = async (name, work) => {
  try { await work(); } catch (e) { failures.push(`${name}: ${e.stack}`); }
};
const families = JSON.parse(readFileSync(new URL("families.json", import.meta.url)));
const last = families.filter((family) => family.last);
await attempt("pages", pages);
await attempt("errors", errors);
for (const family of families.filter((f) => !f.last)) await attempt(family.as ?? family.client, () => exercise(family));
for (const family of families.filter((f) => f.create).reverse()) await attempt(family.as ?? family.client, () => remove(family));
for (const family of last) await attempt(family.client, () => exercise(family));
await attempt("the key that signed the token is revoked", () => fails(management.roles.list(), 401, "roles.list"));
for (const status of statuses) if (status === 429 || status >= 500) failures.push(`the tenant answered ${status}`);
failures.forEach((failure) => console.error(failure));
console.log(`${families.length} families, ${failures.length} failures`);
process.exitCode = failures.length ? 1 : 0;
