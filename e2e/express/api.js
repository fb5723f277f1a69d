// An API as the README of express-oauth2-jwt-bearer has it. Its settings are in the environment, by the names that the SDK
// reads itself.
const express = require("express");
const { auth, requiredScopes } = require("express-oauth2-jwt-bearer");

const app = express();
app.use(auth());
app.get("/timesheets", requiredScopes("read:timesheets"), (req, res) => res.json({ of: req.auth.payload["https://api.exampleco.com/email"] }));
app.get("/approvals", requiredScopes("approve:timesheets"), (req, res) => res.json([]));
app.use((error, req, res, next) => res.status(error.status ?? 500).set(error.headers ?? {}).json({ error: error.code ?? error.message }));

const server = app.listen(0, "127.0.0.1", () => console.log(`ready at http://localhost:${server.address().port}`));
