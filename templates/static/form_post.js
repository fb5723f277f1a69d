// Sends the authorization response on (OAuth 2.0 Form Post Response Mode, section 2).
// The prototype's method is called because a field named "submit" would hide the form's own.
HTMLFormElement.prototype.submit.call(document.querySelector("form[data-submit-on-load]"));
