"""Drives auth0-python through the families of families.json, and through pages and errors."""

import datetime
import inspect
import json
import os
import pathlib
import re
import sys
import traceback

import httpx
from auth0.management import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    ManagementClient,
    NotFoundError,
    UnauthorizedError,
)
from auth0.management.core.api_error import ApiError
from auth0.management.core.pagination import SyncPager

domain, client_id, client_secret = (os.environ["AUTH0_" + name] for name in ("DOMAIN", "CLIENT_ID", "CLIENT_SECRET"))
statuses = set()  # of all answers
observed = httpx.Client(event_hooks={"response": [lambda response: statuses.add(response.status_code)]})
management = ManagementClient(domain=domain, client_id=client_id, client_secret=client_secret, httpx_client=observed)
kept = {"pem": os.environ["PUBLIC_KEY"], "employee": os.environ["EMPLOYEE"]}


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower().replace("-", "_")


def plain(value):
    """What a JSON answer was before the client made objects of it."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return json.loads(value.json()) if hasattr(value, "json") else value


def fill(value):
    """Puts what was kept in the place of "$name.member"; "$ending" is a word of forms."""
    if isinstance(value, list):
        return [fill(item) for item in value]
    if isinstance(value, dict):
        return {name: fill(item) for name, item in value.items()}
    if not isinstance(value, str) or not value.startswith("$") or value == "$ending":
        return value
    name = max((k for k in kept if (value + ".").startswith("$" + k + ".")), key=len)
    at = kept[name]
    for member in filter(None, value[len(name) + 2 :].split(".")):
        at = at[int(member) if isinstance(at, list) else member]
    return at


def differs(got, want):
    """Where got lacks what want has; None where it does not."""
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return f"{got!r} is no {want!r}"
        return next((f"{name}: {d}" for name, item in want.items() if (d := differs(got.get(name), item))), None)
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return f"{got!r}, want {want!r}"
        return next((d for one, other in zip(got, want) if (d := differs(one, other))), None)
    return None if got == want or instant(got) == instant(want) is not None else f"{got!r}, want {want!r}"


def instant(value):
    """The time that a text is, which the client writes in a form of its own."""
    try:
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
    except (AttributeError, ValueError):
        return None


def has(got, want, at):
    difference = differs(got, want)
    assert not difference, f"{at}: {difference}"


def includes(items, want, at):
    found = next((item for item in items if not differs(item, want)), None)
    assert found is not None, f"{at}: {want} is not in {items}"
    return found


def without(body, names):
    return {name: value for name, value in body.items() if name not in (names or [])}


def call(path, args):
    """Calls a method by its name in the table; an object at the end is what the method's keywords are."""
    *names, method = path.split(".")
    client = management
    for name in names:
        client = getattr(client, snake(name))
    function = getattr(client, snake(method))
    parameters = inspect.signature(function).parameters
    if args and isinstance(args[-1], (dict, list)):
        if "request" in parameters:
            return function(*args[:-1], request=args[-1])
        names = {n.replace("_", ""): n for n in parameters}
        return function(*args[:-1], **{names[snake(name).replace("_", "")]: item for name, item in args[-1].items()})
    return function(*args)


def items(answer):
    """All of a list: of every page, where the answer is one of several."""
    if isinstance(answer, SyncPager):
        return [plain(item) for item in answer]
    answer = plain(answer)
    return answer if isinstance(answer, list) else next(value for value in answer.values() if isinstance(value, list))


def fails(request, status, at):
    try:
        answer = request()
    except ApiError as error:
        assert error.status_code == status, f"{at}: {error}"
        has(plain(error.body), {"statusCode": status}, at)
        return error
    raise AssertionError(f"{at} answers {answer!r}, want {status}")


def run(step):
    path, args = step["call"], fill(step["with"])
    if "fails" in step:
        return fails(lambda: call(path, args), step["fails"], path)
    answer = call(path, args)
    if "answers" in step:
        has(plain(answer), fill(step["answers"]), path)
    if "lists" in step or "count" in step:
        found = items(answer)
        if "count" in step:
            assert len(found) == step["count"], f"{path} lists {found}"
        if "lists" in step:
            answer = includes(found, fill(step["lists"]), path)
    if "keep" in step:
        kept[step["keep"]] = plain(answer)


def exercise(family):
    """Creates, reads, lists and changes; deleting is for later."""
    client, of = family["client"], fill(family.get("of", []))
    if "create" in family:
        body, hidden = fill(family["create"]), family.get("hidden")

        def listed():
            return items(call(client + ".list", [*of, {family["page"]: 1}] if "page" in family else of))

        made = plain(call(client + ".create", [*of, body]))
        if made is None:  # some answer nothing
            made = includes(listed(), without(body, hidden), client + ".create")
        kept[family.get("as", client)] = made
        has(made, without(body, hidden), client + ".create")
        identifier = made[family["id"]]
        has(plain(call(client + ".get", [*of, identifier])), without(body, hidden), client + ".get")
        if family.get("list", True):
            found = [one[family["id"]] for one in listed()]
            assert identifier in found, f"{client}.list lists {found}"
            assert len(set(found)) == len(found), f"{client}.list repeats"
        change = family.get("update") or ("replace" in family and {**body, **family["replace"]})
        if change:
            call(client + ".update", [*of, identifier, change])
            has(plain(call(client + ".get", [*of, identifier])), without(change, hidden), client + ".update")
    for step in family.get("calls", []):
        run(step)


def remove(family):
    client, of = family["client"], fill(family.get("of", []))
    identifier = kept[family.get("as", client)][family["id"]]
    call(client + ".delete", [*of, identifier])
    fails(lambda: call(client + ".get", [*of, identifier]), 404, client + ".get after its deletion")


def pages():
    """Reads lists in each of the forms that the client has for them."""
    for name in ("one", "two", "three"):
        management.roles.create(name=name)
    offset = management.roles.list(per_page=2, page=1)
    has(plain(offset.response), {"start": 2, "limit": 2, "total": 3}, "a page with totals")
    assert len(offset.items) == 1, "the second page"
    first = management.roles.list(per_page=2)
    assert first.has_next and len(first.next_page().items) == 1, "the page after the first"
    assert not management.roles.list(per_page=2, page=9).items, "a page past the end"
    assert not management.roles.list(name_filter="nothing has this name").items, "a filter that nothing passes"
    assert not management.users.list(q='email:"nobody@example.com"', search_engine="v3").items, "a search"
    for name in ("left", "right"):
        management.organizations.create(name=name)
    checkpoint = management.organizations.list(take=1)
    assert checkpoint.response.next and len(list(checkpoint)) == 2, "all pages by checkpoint"
    for organization in list(management.organizations.list()):
        management.organizations.delete(organization.id)
    for role in list(management.roles.list()):
        management.roles.delete(role.id)
    assert len(management.logs.list(per_page=1).items) == 1, "a page of logs"


def errors():
    """Asks for each typed error."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    form |= {"audience": f"https://{domain}/api/v2/", "scope": "read:clients"}
    token = httpx.post(f"https://{domain}/oauth/token", data=form).json()["access_token"]
    narrow = ManagementClient(domain=domain, token=token, httpx_client=observed)
    foreign = ManagementClient(domain=domain, token="nonsense", httpx_client=observed)
    management.roles.create(name="taken")
    for request, type_, status, code in (
        (lambda: management.roles.create(name=""), BadRequestError, 400, "invalid_body"),
        (lambda: management.roles.list(per_page=1000), BadRequestError, 400, "invalid_query_string"),
        (foreign.roles.list, UnauthorizedError, 401, None),
        (narrow.roles.list, ForbiddenError, 403, "insufficient_scope"),
        (lambda: management.users.get("auth0|000000000000000000000000"), NotFoundError, 404, "inexistent_user"),
        (lambda: management.clients.get("0" * 32), NotFoundError, 404, "inexistent_client"),
        (lambda: management.roles.create(name="taken"), ConflictError, 409, "role_conflict"),
    ):
        error = fails(request, status, type_.__name__)
        assert isinstance(error, type_), f"{error!r} is no {type_.__name__}"
        assert plain(error.body).get("errorCode") == code, f"errorCode of {type_.__name__}: {error}"


failures = []


def attempt(name, work, *args):
    try:
        work(*args)
    except Exception:
        failures.append(f"{name}: {traceback.format_exc(limit=-3)}")


families = json.loads(pathlib.Path(__file__).with_name("families.json").read_text())
attempt("pages", pages)
attempt("errors", errors)
for family in families:
    if "last" not in family:
        attempt(family.get("as", family["client"]), exercise, family)
for family in reversed(families):
    if "create" in family:
        attempt(family.get("as", family["client"]), remove, family)
for family in families:
    if "last" in family:
        attempt(family["client"], exercise, family)
attempt("the key that signed the token is revoked", fails, management.roles.list, 401, "roles.list")
failures += [f"the tenant answered {status}" for status in statuses if status == 429 or status >= 500]
print(*failures, sep="\n", file=sys.stderr)
print(f"{len(families)} families, {len(failures)} failures")
sys.exit(bool(failures))
