// auth0-guardian.js as a script of its own, as a page for further factors of a tenant's own loads it.
import auth0GuardianJS from "auth0-guardian-js";

window.auth0GuardianJS = auth0GuardianJS;
