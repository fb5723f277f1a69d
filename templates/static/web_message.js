// Hands the authorization response to the page that opened this one, or that holds it in a frame.
// The browser delivers it to the application's origin only.
const { dataset, textContent } = document.querySelector("[data-target-origin]");
const [, response] = textContent.match(/response: (.*)};$/);
(window.opener || window.parent).postMessage({ type: "authorization_response", response: JSON.parse(response) }, dataset.targetOrigin);
