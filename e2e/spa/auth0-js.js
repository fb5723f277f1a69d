// A page with auth0-js, which logs people in by tokens in the fragment, as many pages did before single-page applications had
// codes, and with a form of its own.
import auth0 from "auth0-js";

const heading = document.querySelector("#user");
const settings = await (await fetch("/settings.json")).json();
const webAuth = new auth0.WebAuth({
  domain: settings.domain, clientID: settings.clientId, redirectUri: `${location.origin}/callback`, responseType: "token id_token",
  ...settings.authorizationParams, ...settings.authJS,
});
// promised is what a function of the SDK calls back with.
window.promised = (call) => new Promise((done, failed) => call((error, result) => (error ? failed(error) : done(result))));
window.webAuth = webAuth;
document.querySelector("#login").onclick = () => webAuth.authorize();
document.querySelector("#popup").onclick = () => webAuth.popup.authorize({}, (error, result) => show(error, result));
document.querySelector("#logout").onclick = () => webAuth.logout({ clientID: settings.clientId, returnTo: location.origin });

// show shows who has got tokens.
async function show(error, result) {
  try {
    if (error) throw error;
    const user = await promised((done) => webAuth.client.userInfo(result.accessToken, done));
    heading.textContent = result.idTokenPayload.sub === user.sub ? (user.email ?? user.name) : "two people";
  } catch (error) {
    heading.textContent = `${error.error ?? error.code}: ${error.errorDescription ?? error.error_description ?? error.description}`;
  }
}

if (location.pathname === "/verification") {
  webAuth.crossOriginVerification();
} else if (location.pathname !== "/callback") {
  heading.textContent = "nobody";
} else if (window.opener) {
  webAuth.popup.callback();
} else {
  webAuth.parseHash({}, show);
}
