// passport-auth0 in an Express application. It asks userinfo with the token in the query.
import assert from "node:assert/strict";
import test, { after } from "node:test";
import express from "express";
import session from "express-session";
import passport from "passport";
import Auth0Strategy from "passport-auth0";
import { Browser, domain, origin, person, web } from "./browser.mjs";

passport.use(new Auth0Strategy(
  { domain, clientID: web.clientId, clientSecret: web.clientSecret, callbackURL: `${origin}/callback`, scope: "openid profile email" },
  (accessToken, refreshToken, extra, profile, done) => done(null, profile),
));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));
const app = express();
app.use(session({ secret: "of-this-test", resave: false, saveUninitialized: false }), passport.session());
app.get("/login", passport.authenticate("auth0"));
app.get("/callback", passport.authenticate("auth0", { failureRedirect: "/failed" }), (req, res) => res.redirect("/me"));
app.get("/me", (req, res) => res.json(req.user ?? null));
app.get("/failed", (req, res) => res.status(401).send("failed"));
const server = app.listen(new URL(origin).port, "127.0.0.1");
after(() => server.close());

test("a login", async () => {
  const browser = new Browser();
  const { url } = await browser.logIn(`${origin}/login`);
  const page = await browser.open(url.href);
  const profile = JSON.parse(page.text);
  assert.equal(profile.emails[0].value, person.email);
  assert.match(profile.user_id, /^auth0\|/);
});
