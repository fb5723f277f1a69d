// Shows the countries whose names, or whose codes, contain what is typed.
const search = document.querySelector('[name="with-search"]');
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const countries = [...document.querySelectorAll(".countries button")].map((button) => {
  button.ariaLabel = button.textContent; // by which scripts find it
  return [button, plain(button.textContent)];
});
search.hidden = false;
search.focus();
search.addEventListener("input", () => {
  const wanted = plain(search.value.trim());
  for (const [button, name] of countries) button.hidden = !name.includes(wanted);
});
// Enter takes the first of those that are left.
search.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const [first] = countries.find(([button]) => !button.hidden) ?? [];
  if (search.value.trim() && first) first.click();
});
