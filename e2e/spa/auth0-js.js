// A page with auth0-js, which logs people in by tokens in the fragment, as many pages did before single-page applications had
// codes, and with a form of its own.
import auth0 from "auth0-js";

const heading = document.querySelector("#user");
const settings = await (await fetch("/settings.json")).json();
const webAuth = new auth0.WebAuth({
  domain: settings.domain, clientID: settings.clientId, redirectUri: `${location.origin}/callback`, responseType: "token id_token",
  audience: settings.authorizationParams.audience, scope: settings.authorizationParams.scope,
  overrides: { __token_issuer: `${settings.domain}/`, __jwks_uri: `${settings.domain}/.well-known/jwks.json` },
});
// promised is what a function of the SDK calls back with.
window.promised = (call) => new Promise((done, failed) => call((error, result) => (error ? failed(error) : done(result))));
window.webAuth = webAuth;
document.querySelector("#login").onclick = () => webAuth.authorize();
document.querySelector("#logout").onclick = () => webAuth.logout({ clientID: settings.clientId, returnTo: location.origin });

if (location.pathname !== "/callback") {
  heading.textContent = "nobody";
} else {
  try {
    const result = await promised((done) => webAuth.parseHash({}, done));
    const user = await promised((done) => webAuth.client.userInfo(result.accessToken, done));
    heading.textContent = result.idTokenPayload.email === user.email ? user.email : "two people";
  } catch (error) {
    heading.textContent = `${error.error}: ${error.errorDescription ?? error.error_description}`;
  }
}
