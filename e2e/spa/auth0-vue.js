// A page as Auth0's quickstart for Vue has it, without a compiler of templates.
import { createAuth0, useAuth0 } from "@auth0/auth0-vue";
import { createApp, h } from "vue";

const Page = {
  setup() {
    const { isLoading, user, error, loginWithRedirect, logout, getAccessTokenSilently } = useAuth0();
    window.token = getAccessTokenSilently; // for the test
    return () =>
      isLoading.value
        ? []
        : [
            h("h1", { id: "user" }, error.value ? error.value.message : (user.value?.email ?? "nobody")),
            h("button", { id: "login", onClick: () => loginWithRedirect() }, "Log in"),
            h("button", { id: "logout", onClick: () => logout({ logoutParams: { returnTo: location.origin } }) }, "Log out"),
          ];
  },
};

const settings = await (await fetch("/settings.json")).json();
createApp(Page).use(createAuth0(settings)).mount("#app");
