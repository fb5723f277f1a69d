// Lets the user read a password before sending it. Without this script the buttons stay hidden.
for (const button of document.querySelectorAll('[data-action="toggle"]')) {
  const password = button.closest(".secret").querySelector("input");
  const show = (visible) => {
    password.type = visible ? "text" : "password";
    button.classList.toggle("revealed", visible);
    for (const label of button.querySelectorAll(".password-toggle-label")) {
      label.classList.toggle("hide", visible === (label.dataset.label === "show-password"));
    }
  };

  button.hidden = false;
  button.addEventListener("click", () => show(password.type === "password"));
  // A browser remembers a text field's value for autofill, so the password goes out as one.
  password.form.addEventListener("submit", () => show(false));
}
