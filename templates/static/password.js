// Lets the user read the password before sending it. Without this script the button stays hidden.
const password = document.getElementById("password");
const reveal = document.querySelector(".reveal");

function show(visible) {
  password.type = visible ? "text" : "password";
  reveal.setAttribute("aria-label", visible ? reveal.dataset.hide : reveal.dataset.show);
  reveal.classList.toggle("revealed", visible);
}

reveal.hidden = false;
reveal.addEventListener("click", () => show(password.type === "password"));
// A browser remembers a text field's value for autofill, so the password goes out as one.
password.form.addEventListener("submit", () => show(false));
