// A single-page application as Auth0's quickstart has it: the SDK does everything, and the page shows the result.
import { createAuth0Client } from "@auth0/auth0-spa-js";

const heading = document.querySelector("#user");
const show = async () => {
  const user = await auth0.getUser();
  heading.textContent = user ? user.email : "nobody";
};

const settings = await (await fetch("/settings.json")).json();
const auth0 = await createAuth0Client(settings); // looks for a session, when the page knew one
let refusal = "";
if (location.pathname === "/callback") {
  await auth0.handleRedirectCallback().catch((error) => (refusal = `${error.error}: ${error.error_description}`));
  history.replaceState({}, "", "/");
}

document.querySelector("#login").onclick = () => auth0.loginWithRedirect();
document.querySelector("#popup").onclick = () => auth0.loginWithPopup().then(show);
document.querySelector("#logout").onclick = () => auth0.logout({ logoutParams: { returnTo: location.origin } });
window.auth0 = auth0; // for the test, which asks for tokens
await show();
if (refusal) heading.textContent = refusal;
