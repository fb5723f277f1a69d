// Says on a page of the tenant's own which script of Auth0's servers could not be loaded, and what to do
// about it. A script that failed tells the window in the capturing phase alone.
addEventListener("error", (event) => {
  const from = event.target.src;
  if (event.target.localName !== "script" || !from.includes("//cdn.auth0.com/")) return;
  const box = document.createElement("p");
  box.id = "missing-script";
  box.setAttribute("role", "alert");
  box.style = "margin: 1rem; padding: 1rem; border: 2px solid #b3261e; background: #fff; color: #1d1d1f; font: 16px sans-serif";
  const name = from.replace(/[?#].*/, "").split("/").pop();
  box.textContent = `This page needs ${from}, which cannot be loaded. Give tenant0 a folder with a copy named ${name}: --assets FOLDER.`;
  const show = () => document.body.prepend(box);
  document.body ? show() : addEventListener("DOMContentLoaded", show);
}, true);
