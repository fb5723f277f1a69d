// A page as Auth0's quickstart for React has it.
import { Auth0Provider, useAuth0 } from "@auth0/auth0-react";
import { createRoot } from "react-dom/client";

function Page() {
  const { isLoading, user, error, loginWithRedirect, logout, getAccessTokenSilently } = useAuth0();
  window.token = getAccessTokenSilently; // for the test
  if (isLoading) return null;
  return (
    <>
      <h1 id="user">{error ? error.message : (user?.email ?? "nobody")}</h1>
      <button id="login" onClick={() => loginWithRedirect()}>Log in</button>
      <button id="logout" onClick={() => logout({ logoutParams: { returnTo: location.origin } })}>Log out</button>
    </>
  );
}

const settings = await (await fetch("/settings.json")).json();
createRoot(document.querySelector("#app")).render(<Auth0Provider {...settings}><Page /></Auth0Provider>);
