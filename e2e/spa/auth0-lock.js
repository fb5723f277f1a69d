// A page with Lock, which asks for the password or the code in a box of its own.
import { Auth0Lock, Auth0LockPasswordless } from "auth0-lock";
import english from "auth0-lock/lib/i18n/en.js";

const heading = document.querySelector("#user");
const settings = await (await fetch("/settings.json")).json();
window.Auth0.registerLanguageDictionary("en", english);
const passwordless = location.pathname === "/passwordless";
const lock = new (passwordless ? Auth0LockPasswordless : Auth0Lock)(settings.clientId, settings.host, {
  auth: { redirectUrl: `${location.origin}${passwordless ? "/passwordless" : "/callback"}`, responseType: "token id_token", params: { scope: "openid profile email" } },
  // Without these it asks gravatar.com and cdn.auth0.com for pictures, and without its dictionary for that.
  avatar: null, theme: { logo: "data:," },
  // Its box looks for a field to put the cursor in even when it has closed.
  autofocus: false,
  ...settings.lock, ...(passwordless && settings.passwordless),
});
lock.on("authenticated", ({ accessToken, idTokenPayload }) =>
  lock.getUserInfo(accessToken, (error, user) => (heading.textContent = error ? error.error : user.sub === idTokenPayload.sub ? (user.email ?? user.name) : "two people")),
);
lock.on("authorization_error", (error) => (window.refused = `${error.code}: ${error.description ?? error.errorDescription}`));
lock.on("ssodata fetched", ([, found]) => (window.sso = found));
document.querySelector("#login").onclick = () => lock.show();
document.querySelector("#logout").onclick = () => lock.logout({ returnTo: location.origin });
if (!location.hash) heading.textContent = "nobody";
