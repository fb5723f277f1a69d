"""A person's browser without JavaScript, for the clients in Python: it keeps cookies, follows redirects within the tenant and fills
in the forms of its pages."""
import html
import os
import re
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

domain = os.environ["AUTH0_DOMAIN"]
issuer = f"https://{domain}/"
origin = os.environ["ORIGIN"]  # of the application
callback = f"{origin}/callback"
control = os.environ["TENANT0_CONTROL_URL"]
audience = "https://api.exampleco.com/timesheets"
connection = "Username-Password-Authentication"
email, password = "employee@exampleco.com", "ExampleCo!2026"
web = ("ClientsWeb", "a-secret-of-this-test-only")
machine = ("ClientsMachine", "a-secret-of-the-machine")


class Browser:
    def __init__(self):
        self.client = httpx.Client()

    def open(self, url, method="GET", form=None):
        """Follows redirects until a page is shown or the way leads to the application, and returns the address and the page."""
        for _ in range(12):
            answer = self.client.request(method, url, data=form)
            if "location" not in answer.headers:
                return url, answer
            method, form, url = "GET", None, urljoin(url, answer.headers["location"])
            if url.startswith(origin):
                return url, None
        raise AssertionError(f"redirects without end, the last to {url}")

    def log_in(self, url):
        """Goes to a URL of the tenant, logs the person in, and returns where the application is called."""
        url, page = self.open(url)
        for _ in range(4):
            if page is None:
                return url
            form = re.search(r'<form[^>]*method="post".*?</form>', page.text, re.S | re.I)
            assert form, f"a form at {url}: {page.status_code} {page.text[:2000]}"
            fields = {name: html.unescape(value) for name, value in re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"', form[0])}
            if urlsplit(url).path.startswith("/u/login"):
                fields |= {"username": email, "password": password, "action": "default"}
            else:
                fields |= {"action": "accept"}
            action = re.search(r'<form[^>]*\saction="([^"]*)"', form[0])
            url, page = self.open(urljoin(url, html.unescape(action[1]) if action else ""), "POST", fields)
        raise AssertionError(f"the login does not end: {url}")


def authorize_url(**params):
    """The URL of an authorization request of the application Web."""
    return f"{issuer}authorize?" + urlencode({"client_id": web[0], "redirect_uri": callback, "response_type": "code", "scope": "openid email offline_access", **params})


def code_for(to):
    """Waits for the next message to an address or a number in the tenant's inbox, and returns the code in it."""
    answer = httpx.get(f"{control}/inbox/wait", params={"to": to}, timeout=60)
    assert answer.status_code == 200, f"a message to {to}: {answer.text}"
    return answer.json()["code"]


def at_google(person):
    """Has Google's simulation know one person, who allows whatever is asked."""
    providers = f"{control}/providers/google-oauth2"
    httpx.post(f"{providers}/people", json={"id": person, "profile": {"email": f"{person}@gmail.example"}}).raise_for_status()
    httpx.put(f"{providers}/choice", json={"outcome": "allow", "person": person}).raise_for_status()
