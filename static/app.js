/* What the other scripts stand on: words, announcements, the guard around the morph, notes, and applying a push. */
"use strict";

window.hitl = (() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const PAUSE_MS = 5000;
  // What the browser knows and a push does not: it stays.
  const KEPT = new Set(["data-dirty", "data-armed", "data-deciding", "data-open", "data-read", "aria-busy", "aria-disabled"]);
  const FIELDS = "input, select, textarea";
  let spokenAt = -PAUSE_MS;
  let sentence = "";
  let drawing = false;

  function word(key, values = {}) {
    return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /* At most one sentence each five seconds; of several the last one is said. */
  function say(text) {
    const waits = sentence !== "";
    sentence = text;
    if (!waits) setTimeout(speak, Math.max(0, spokenAt + PAUSE_MS - performance.now()));
  }

  function speak() {
    document.getElementById("said").textContent = sentence;
    spokenAt = performance.now();
    sentence = "";
  }

  function alert(text) {
    document.getElementById("urgent").textContent = text;
  }

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function note(place, title, text, ...acts) {
    const line = element("p", {}, element("b", {}, title), " ", text);
    document.getElementById(place).replaceChildren(element("div", { class: "note bad" }, line, element("span", { class: "acts" }, ...acts)));
  }

  function closing() {
    return element("button", { class: "btn small", type: "button", "data-close": "" }, word("close"));
  }

  /* Regions as the server sends them, through the same door as a push of the socket. */
  function apply(html) {
    htmx.swap(document.body, html, { swapStyle: "none" });
  }

  /* A slot of the feed gets new words as new nodes: reused ones would be pushed about inside their line. */
  function refill(slot, news) {
    const held = news.querySelector("[data-held] button")?.value;
    if (held && slot.querySelector("[data-held] button")?.value === held) return false;  // a button under the finger stays
    if (slot.contains(document.activeElement)) return false;
    if (slot.innerHTML !== news.innerHTML) slot.replaceChildren(...news.cloneNode(true).childNodes);
    return true;
  }

  function beforeNodeMorphed(old, morphed) {
    if (old.nodeType !== Node.ELEMENT_NODE) return true;
    if (old.hasAttribute("data-label") && old.closest("[data-deciding]")) return false;
    if (old.matches(".feed li")) return !refill(old, morphed);
    if (old.tagName === "DETAILS" || !old.matches(FIELDS)) return true;
    return !(old.hasAttribute("data-dirty") || old === document.activeElement);
  }

  function beforeAttributeUpdated(name, node) {
    if (name === "data-version" || name === "data-digest") hitl.disturb(node);
    if (name === "open" && node.tagName === "DETAILS") return !node.hasAttribute("data-dirty");
    return !KEPT.has(name);
  }

  // Idiomorph's own ignoreActiveValue also freezes the words inside a focused link, which would leave an old title over a new version.
  Object.assign(Idiomorph.defaults.callbacks, { beforeNodeMorphed, beforeAttributeUpdated });

  document.addEventListener("input", (event) => {
    if (event.target.matches?.(FIELDS)) event.target.setAttribute("data-dirty", "");
  }, true);

  function forget(form) {
    for (const field of form.elements ?? []) field.removeAttribute("data-dirty");
  }
  document.addEventListener("reset", (event) => forget(event.target));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful && event.target.matches("form:not([data-decides])")) forget(event.target);
  });

  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    summary?.parentElement.setAttribute("data-dirty", "");
    if (event.target.closest("[data-close]")) event.target.closest(".note")?.remove();
    if (event.target.closest("[data-help]")) document.getElementById("help").showModal();
    for (const open of document.querySelectorAll("details.pop[open], details.menu[open]")) {
      if (!open.contains(event.target)) open.removeAttribute("open");
    }
  });

  /* Own names read "You", and nobody is told that they read themselves; rows their reader asked for say so instead of offering to decide. */
  function personal(root) {
    const me = document.body.dataset.person;
    for (const name of root.querySelectorAll(`[data-by="${me}"]`)) name.textContent = word("you");
    for (const mark of root.querySelectorAll(`[data-reader="${me}"]`)) mark.remove();
    for (const words of root.querySelectorAll(`[data-to="${me}"]`)) words.replaceChildren(...words.lastElementChild.childNodes);
    for (const row of root.querySelectorAll("[data-requesters]")) {
      row.classList.toggle("mine", row.dataset.requesters.split(" ").includes(me));
    }
  }

  // Prepared before the morph, so that nothing is drawn twice.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    personal(event.detail.fragment);
    document.dispatchEvent(new CustomEvent("hitl:prepare", { detail: event.detail }));
    if (!drawing) queueMicrotask(drawn);
    drawing = true;
  });

  function drawn() {
    drawing = false;
    document.dispatchEvent(new CustomEvent("hitl:drawn"));
  }
  document.addEventListener("DOMContentLoaded", () => {
    personal(document.body);
    drawn();
  });

  return { word, say, alert, note, closing, element, apply, personal, disturb() {} };
})();
