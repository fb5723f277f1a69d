// A server-rendered application as the README of express-openid-connect has it, with the code flow. Its settings are in the
// environment, by the names that the SDK reads itself.
const express = require("express");
const { auth, requiresAuth } = require("express-openid-connect");

const app = express();
app.use(
  auth({
    authRequired: false,
    idpLogout: true,
    authorizationParams: {
      response_type: "code",
      scope: "openid profile email offline_access read:timesheets",
      audience: process.env.AUDIENCE,
    },
  }),
);
app.get("/", (req, res) => res.send(`<h1>${req.oidc.isAuthenticated() ? req.oidc.user.email : "nobody"}</h1>`));
app.get("/profile", requiresAuth(), (req, res) => res.json(req.oidc.user));
app.get("/timesheets", requiresAuth(), async (req, res) => {
  const { token_type: type, access_token: token } = req.oidc.accessToken;
  const answer = await fetch(`${process.env.API_URL}/timesheets`, { headers: { authorization: `${type} ${token}` } });
  res.status(answer.status).json(await answer.json());
});
app.get("/refresh", requiresAuth(), async (req, res) => res.json(await req.oidc.accessToken.refresh()));

app.listen(new URL(process.env.BASE_URL).port, "127.0.0.1", () => console.log(`ready at ${process.env.BASE_URL}`));
