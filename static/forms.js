/* Typed forms: what was edited is marked and kept on the server. Without scripts the same forms post the same fields. */
"use strict";

(() => {
  const KEEP_MS = 2_000;
  const AGAIN_MS = 5_000;
  const TOLD_MS = 10_000;
  const drafts = document.querySelector("form[data-draft]");
  let unkept = false;  // something was typed since it was last sent
  let timer = 0;
  let sending = null;
  let over = false;  // the page has been sent: nothing of it is kept any more

  function usual(control) {
    if (control.matches("[type=checkbox], [type=radio]")) return control.checked === control.defaultChecked;
    if (control.matches("select")) return [...control.options].every((o) => o.selected === o.defaultSelected);
    return control.value === control.defaultValue;
  }

  function mark(control) {
    const field = control.closest(".field");
    const controls = [...(field?.querySelectorAll("input, select, textarea") ?? [])];
    field?.classList.toggle("dirty", !controls.every(usual));
    count(control.form);
  }

  function count(form) {
    const place = form?.querySelector("[data-changes]");
    if (!place) return;
    const n = form.querySelectorAll(".field.dirty").length;
    place.hidden = n === 0;
    place.textContent = hitl.word("fields_changed", { n });
  }

  function say(key, values) {
    for (const place of drafts.querySelectorAll("[data-draft-said]")) place.textContent = hitl.word(key, values);
  }

  /* Every two seconds while somebody types, and when they leave a field. One message at a time; a later one says it all. */
  async function keep() {
    clearTimeout(timer);
    timer = 0;
    await sending?.done;
    if (!unkept || over) return;
    unkept = false;
    const abort = new AbortController();
    sending = { abort, done: send(AbortSignal.any([abort.signal, AbortSignal.timeout(TOLD_MS)])) };
    await sending.done;
    sending = null;
  }

  async function send(signal) {
    const options = { method: "POST", body: new FormData(drafts), headers: { "HX-Request": "true" }, redirect: "manual", signal };
    try {
      const answer = await fetch(drafts.dataset.draft, options);
      if (answer.status === 422 || answer.status === 400) return say("draft_too_long");
      if (!answer.ok) throw new Error(answer.statusText);
      say("draft_kept", { at: new Date().toLocaleTimeString(document.documentElement.lang) });
    } catch {
      if (over) return;
      unkept = true;
      say("draft_not_kept");
      timer ||= setTimeout(keep, AGAIN_MS);
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-edit]");
    if (!form) return;
    mark(event.target);
    if (form !== drafts) return;
    unkept = true;
    timer ||= setTimeout(keep, KEEP_MS);
  });
  document.addEventListener("focusout", (event) => {
    if (drafts?.contains(event.target)) keep();
  });
  document.addEventListener("visibilitychange", () => {
    if (drafts && document.hidden) keep();
  });
  // To load a newer version is to leave this page: first what is typed is on the server.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-load]");
    if (!link || !drafts || !(unkept || sending)) return;
    event.preventDefault();
    await keep();
    if (!unkept) location.assign(link.href);
  });

  document.addEventListener("reset", (event) => {
    for (const field of event.target.querySelectorAll(".field.dirty")) field.classList.remove("dirty");
  });

  window.addEventListener("beforeunload", (event) => {
    const dirty = document.querySelector("form[data-edit] .field.dirty");
    const form = dirty?.closest("form");
    if (form && !form.hasAttribute("data-sent") && (form !== drafts || unkept)) event.preventDefault();
  });
  // One press of Save is one save; a page that comes back from the history can be sent again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-edit][data-sent]")) event.preventDefault();
    form.setAttribute("data-sent", "");
    if (form !== drafts) return;
    over = true;
    clearTimeout(timer);
    sending?.abort.abort();
  });
  window.addEventListener("pageshow", () => {
    over = false;
    for (const form of document.querySelectorAll("[data-sent]")) form.removeAttribute("data-sent");
  });
  if (drafts) count(drafts);
})();
