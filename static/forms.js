/* Typed forms: what was edited is marked, lists grow and shrink. Without scripts the same forms post the same fields. */
"use strict";

(() => {
  function usual(control) {
    if (control.matches("[type=checkbox], [type=radio]")) return control.checked === control.defaultChecked;
    if (control.matches("select")) return [...control.options].every((o) => o.selected === o.defaultSelected);
    return control.value === control.defaultValue;
  }

  function mark(control) {
    const field = control.closest(".field");
    const controls = [...(field?.querySelectorAll("input, select, textarea") ?? [])];
    field?.classList.toggle("dirty", !controls.every(usual));
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-edit]")) mark(event.target);
  });
  document.addEventListener("reset", (event) => {
    for (const field of event.target.querySelectorAll(".field.dirty")) field.classList.remove("dirty");
  });

  window.addEventListener("beforeunload", (event) => {
    const dirty = document.querySelector("form[data-edit] .field.dirty");
    if (dirty && !dirty.closest("form").hasAttribute("data-sent")) event.preventDefault();
  });
  // One press of Save is one save; a page that comes back from the history can be sent again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-edit][data-sent]")) event.preventDefault();
    form.setAttribute("data-sent", "");
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) form.removeAttribute("data-sent");
  });
})();
