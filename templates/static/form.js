// What the pages' forms do where scripts run. Without it the browser checks what is typed, the
// server says what is wrong, and the buttons that show passwords stay hidden.

// Lets the user read a password before sending it.
for (const button of document.querySelectorAll('[data-action="toggle"]')) {
  const password = button.parentElement.querySelector("input");
  const name = button.querySelector("[title]");
  const texts = [...button.querySelectorAll(".password-toggle-label")];
  // The name that scripts find the button by is there once there is something to show, so that
  // until then the input alone answers to the label "Password".
  const label = () => {
    if (password.value) button.setAttribute("aria-label", name.title);
    else button.removeAttribute("aria-label");
  };
  const show = (visible) => {
    password.type = visible ? "text" : "password";
    button.setAttribute("aria-checked", visible);
    button.classList.toggle("revealed", visible);
    for (const text of texts) {
      const shown = visible === (text.dataset.label === "hide-password");
      text.classList.toggle("hide", !shown);
      if (shown) name.title = text.textContent;
    }
    label();
  };

  button.hidden = false;
  label();
  password.addEventListener("input", label);
  button.addEventListener("click", () => show(password.type === "password"));
  // A browser remembers a text field's value for autofill, so the password goes out as one.
  password.form.addEventListener("submit", () => show(false));
}

// Says what is missing in the page's own words, in place of the browser's bubbles. Mark-up of the tenant's may name
// functions of its own, of an input and whether the form is being sent, that return whether all is well.
const mistakes = {
  ulpRequiredFunction: (value) => value === "",
  ulpEmailValidationFunction: (value) => value !== "" && !/^[^\s@]+@([^\s@]+\.[^\s@]+|localhost)$/.test(value),
};
const wrongAt = (input, name, sent) => {
  if (input.disabled) return false;
  if (mistakes[name]) return mistakes[name](input.type === "password" ? input.value : input.value.trim());
  return typeof window[name] === "function" && !window[name](input, sent);
};
const inputOf = (message) => {
  const { ulpValidationTarget: id } = message.dataset;
  return id ? document.getElementById(id) : message.closest(".ulp-field")?.querySelector("input, select, textarea");
};
// A complaint has the element that the server's has, which goes as it is about what was typed before.
const complaint = (message) => {
  const { code, sign, invalid, ulpValidationTarget: field } = message.dataset;
  if (!code) return invalid && inputOf(message).value.trim() ? invalid : message.dataset.message;
  document.getElementById("error-element-" + field)?.remove();
  const span = (attributes) => {
    const element = document.createElement("span");
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const said = span({ id: "error-element-" + field, class: "ulp-input-error-message", "data-error-code": code });
  said.append(span({ class: "ulp-input-error-icon", role: "img", "aria-label": sign }), message.dataset.message);
  return said;
};
for (const form of document.querySelectorAll("form[data-form-primary]")) {
  const messages = [...form.querySelectorAll("[data-ulp-validation-function]")].filter(inputOf);
  const say = (message, sent) => {
    const input = inputOf(message);
    // On the classic page an element may complain of two things.
    const wrong = wrongAt(input, message.dataset.ulpValidationFunction, sent)
      || "invalid" in message.dataset && wrongAt(input, "ulpEmailValidationFunction", sent);
    message.classList.toggle("ulp-validator-error", wrong);
    message.dataset.isError = wrong;
    message.closest(".auth0-lock-input-block")?.classList.toggle("auth0-lock-error", wrong);
    const field = message.closest(".ulp-field");
    field?.classList.toggle("ulp-error", field.querySelector(".ulp-validator-error") !== null);
    if ("message" in message.dataset) {
      // Scripts look for what is no address by either of two names, and on the classic page for an element within.
      const place = message.querySelector("#error-cs-pattern-mismatch, .auth0-lock-error-invalid-hint") ?? message;
      place.replaceChildren();
      if (wrong) place.append(complaint(message));
    }
    return wrong && input;
  };
  const saidOf = (input) => messages.filter((m) => inputOf(m) === input && m.classList.contains("ulp-validator-error"));
  const mark = (input) => {
    const [said] = saidOf(input);
    input.setAttribute("aria-invalid", said !== undefined);
    if (said?.id) input.setAttribute("aria-describedby", said.id);
    else if (!said) input.removeAttribute("aria-describedby");
  };

  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formNoValidate) return;
    const wrong = messages.map((m) => say(m, true)).filter(Boolean);
    wrong.forEach(mark);
    if (wrong.length > 0) {
      event.preventDefault();
      wrong[0].focus();
      return;
    }
    // What the tenant's own mark-up asks for and has no words about is left to the browser.
    const rest = [...form.elements].find((e) => e.name?.startsWith("ulp-") && !messages.some((m) => inputOf(m) === e) && !e.checkValidity());
    if (rest) {
      event.preventDefault();
      rest.reportValidity();
    }
  });
  // What is mended is no longer complained of.
  form.addEventListener("input", ({ target }) => {
    const said = saidOf(target);
    if (said.length > 0) {
      said.forEach((m) => say(m, false));
      mark(target);
    }
  });
  for (const message of messages) {
    for (const kind of (message.dataset.ulpValidationEventListeners ?? "").split(",").map((k) => k.trim()).filter(Boolean)) {
      inputOf(message).addEventListener(kind, ({ target }) => {
        say(message, false);
        mark(target);
      });
    }
  }
}

// Marks what a new password meets already, as it is typed.
const runs = (text, step) => [...text].some((_, i, all) => i > 1 && [0, 1].every((back) =>
  all[i - back].codePointAt(0) - all[i - back - 1].codePointAt(0) === step));
const demands = {
  lengthAtLeast: (text, least) => [...text].length >= least,
  lowerCase: (text) => /\p{Ll}/u.test(text),
  upperCase: (text) => /\p{Lu}/u.test(text),
  numbers: (text) => /\p{Nd}/u.test(text),
  specialCharacters: (text) => /[^\p{L}\p{Nd}]/u.test(text),
  identicalChars: (text) => !runs(text, 0),
  sequentialChars: (text) => !runs(text, 1) && !runs(text, -1),
};
for (const list of document.querySelectorAll("[data-password]")) {
  const password = document.getElementById(list.dataset.password);
  const look = (item) => {
    const parts = [...item.querySelectorAll("[data-rule]")];
    const meets = demands[item.dataset.rule];
    const met = password.value !== "" && (meets
      ? meets(password.value, Number(item.dataset.least))
      : parts.map(look).filter(Boolean).length >= (Number(item.dataset.least) || parts.length));
    item.classList.toggle("met", met);
    return met;
  };
  const lookAtAll = () => list.querySelectorAll("[data-rule]").forEach(look);
  password.addEventListener("input", lookAtAll);
}

// Tells the server what the browser can do, for what it may offer next.
const capable = (name, value) => {
  const input = document.getElementById(name);
  if (input) input.value = value;
};
capable("js-available", true);
capable("webauthn-available", "PublicKeyCredential" in window);
capable("is-brave", "brave" in navigator);
if (document.getElementById("webauthn-platform-available")) {
  Promise.resolve(window.PublicKeyCredential?.isUserVerifyingPlatformAuthenticatorAvailable())
    .then((available = false) => capable("webauthn-platform-available", available), () => {})
    .then(() => document.querySelector("form[data-detects]")?.requestSubmit());
}

// Copies a code that is shown.
for (const button of document.querySelectorAll('[data-action="copy"]')) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent));
}

// Goes on by itself once what the page waits for has happened: the app on a phone has answered.
for (const form of document.querySelectorAll("form[data-waits]")) {
  const ask = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" }, redirect: "error" });
      if ((await answer.json()).completed) {
        form.requestSubmit(form.querySelector("[data-action-button-primary]"));
        return;
      }
    } catch { /* the server is asked again */ }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 1000);
}

// On the classic page, who types an e-mail address of an enterprise connection's domain is asked for no password.
for (const form of document.querySelectorAll("form[data-sso-domains]")) {
  const domains = form.dataset.ssoDomains.toLowerCase().split(" ");
  const who = form.querySelector('[name="email"], [name="username"]');
  const password = form.querySelector('[name="password"]');
  const pane = form.querySelector(".auth0-lock-form > div");
  const others = [...form.querySelectorAll(".auth0-lock-input-show-password, .auth0-lock-tabs-container, .auth0-lock-alternative")];
  const notice = document.createElement("div");
  notice.className = "auth0-sso-notice-container";
  notice.setAttribute("role", "status");
  const text = document.createElement("span");
  text.className = "auth0-sso-notice";
  text.textContent = form.dataset.ssoNotice;
  notice.append(text);
  const ask = () => {
    const elsewhere = domains.includes(who.value.trim().toLowerCase().split("@")[1]);
    password.disabled = elsewhere;
    for (const other of others) other.hidden = elsewhere;
    if (elsewhere) pane.prepend(notice);
    else notice.remove();
  };
  who.addEventListener("input", ask);
  ask();
}
