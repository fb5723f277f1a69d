// Asks an authenticator for a key where a form says so, and sends its answer with the form.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const descriptors = (list) => (list || []).map((d) => ({ ...d, id: bytes(d.id) }));

const create = (o) => navigator.credentials.create({ publicKey: {
  ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: descriptors(o.excludeCredentials),
} });
const get = (o, more) => navigator.credentials.get({
  ...more, publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: descriptors(o.allowCredentials) },
});

// What the server reads, Web Authentication section 5.1.
const answer = (c) => JSON.stringify({
  id: c.id, rawId: text(c.rawId), type: c.type, authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: c.getClientExtensionResults(),
  response: {
    clientDataJSON: text(c.response.clientDataJSON), attestationObject: text(c.response.attestationObject),
    transports: c.response.getTransports ? c.response.getTransports() : undefined, authenticatorData: text(c.response.authenticatorData),
    signature: text(c.response.signature), userHandle: text(c.response.userHandle),
  },
});

for (const form of document.querySelectorAll("form[data-webauthn]")) {
  const options = JSON.parse(form.dataset.options);
  const field = form.querySelector(`input[name="${form.dataset.field}"]`);
  const send = (credential) => {
    field.value = answer(credential);
    form.noValidate = true;
    HTMLFormElement.prototype.submit.call(form);
  };
  const announce = (asking) => {
    const said = document.getElementById("webauthn-waiting");
    if (said) said.textContent = asking ? said.dataset.text : "";
  };
  const fail = (error) => {
    const alert = document.getElementById("webauthn-failed");
    alert.hidden = false;
    alert.dataset.error = error.name;
  };
  let waiting;

  // The button that goes on asks the authenticator first; the others are the form's own.
  const button = form.querySelector("[data-webauthn-button]");
  if (button) button.hidden = !window.PublicKeyCredential;
  button?.addEventListener("click", async (event) => {
    event.preventDefault();
    waiting?.abort();
    announce(true);
    try {
      send(await (form.dataset.webauthn === "create" ? create(options) : get(options)));
    } catch (error) {
      announce(false);
      fail(error);
    }
  });

  // A field that completes passkeys asks by itself, and waits for the person to choose one.
  if (form.dataset.conditional && await window.PublicKeyCredential?.isConditionalMediationAvailable?.()) {
    waiting = new AbortController();
    get(options, { mediation: "conditional", signal: waiting.signal }).then(send, () => {});
  }
}
