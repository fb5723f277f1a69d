// Lock as a script of its own, as the page of a classic login loads it, with its texts.
import { Auth0Lock } from "auth0-lock";
import english from "auth0-lock/lib/i18n/en.js";

window.Auth0.registerLanguageDictionary("en", english);
window.Auth0Lock = Auth0Lock;
