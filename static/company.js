/* Who is here: while a card is in sight its page renews the lease by which others see that it is being read. */
"use strict";

(() => {
  const RENEW_MS = 30_000;
  const form = document.getElementById("reading");
  const standing = () => document.getElementById("standing");
  let last = standing()?.dataset.last;

  /* What somebody else answered while there is text of one's own on the page: said once, and the text stays. */
  document.addEventListener("hitl:drawn", () => {
    const now = standing();
    if (!now || now.dataset.last === last) return;
    last = now.dataset.last;
    const words = now.querySelector("[data-meanwhile]");
    const writing = [...document.querySelectorAll("[data-dirty]:is(input, textarea)")].some((field) => field.value);
    if (words && writing && now.dataset.lastBy !== document.body.dataset.person) hitl.note("notes", "", words.textContent, hitl.closing());
  });

  if (!form) return;

  /* A page that only stands there is no use of the session: it ends as if the page were not there. */
  function renew() {
    if (document.hidden) return;
    const options = { method: "POST", body: new FormData(form), headers: { "X-Background": "1" }, redirect: "manual", signal: AbortSignal.timeout(RENEW_MS) };
    fetch(form.action, options).catch(() => {});  // a hint: the next one comes
  }

  function leave() {
    const body = new FormData(form);
    body.set("left", "1");
    navigator.sendBeacon(form.action, body);
  }

  renew();
  setInterval(renew, RENEW_MS);
  document.addEventListener("visibilitychange", renew);
  window.addEventListener("pagehide", leave);
})();
