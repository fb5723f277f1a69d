// Hands the authorization response to the page that opened this one, or that holds it in a frame.
// The browser delivers it to the application's origin only.
const form = document.querySelector("form[data-target-origin]");
(window.opener || window.parent).postMessage(
  { type: "authorization_response", response: Object.fromEntries(new FormData(form)) },
  form.dataset.targetOrigin,
);
