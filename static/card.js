/* No decision by accident: arming, confirming in place, one click one answer. The server checks all of it again. */
"use strict";

(() => {
  const CALM_MS = 600;
  const LAG_MS = 1_000;
  const TOLD_MS = 10_000;
  const DECIDERS = "button[data-decides], button[data-arm], a[data-arm], button[data-confirms]";
  const changed = new WeakMap();
  const labels = new WeakMap();
  const scopes = new WeakMap();
  let calmSince = performance.now();
  let pressed = null;
  hitl.ownDecisions = new Set();

  const scopeOf = (element) => element.closest("[data-held], [data-card], li[id]");

  /* Something moved or changed, here or everywhere: for a moment nothing can be decided. */
  hitl.disturb = (element) => {
    const row = element && (scopeOf(element) ?? element);
    if (row) changed.set(row, performance.now());
    else calmSince = performance.now();
    refresh();
    setTimeout(refresh, CALM_MS + 20);
  };

  function calm(button) {
    const since = Math.max(calmSince, changed.get(scopeOf(button)) ?? 0);
    return performance.now() - since >= CALM_MS;
  }

  /* The server counts from the moment it drew the card, which is a little later than the page began. */
  const readUntil = (card) => card.dataset.readFor ? card.dataset.readFor * 1000 + LAG_MS : 0;

  /* The word key of what is still to be done before this button is armed; empty when nothing is. */
  function missing(button) {
    const card = button.closest("[data-card]");
    if (card) {
      if (card.querySelector("input[data-ack]:not(:checked)")) return "hint_checks";
      if (card.querySelector("details[data-must-open]:not([data-read])")) return "hint_open";
      if (card.querySelector("[data-preview-end]:not([data-read])")) return card.hasAttribute("data-rows") ? "hint_rows" : "hint_preview";
      if (card.hasAttribute("data-rows") && missingOfRows(card)) return missingOfRows(card);
      if (performance.now() < readUntil(card)) return "hint_time";
    }
    const target = button.closest("[data-confirm]")?.querySelector("input[data-target]");
    return target && target.value.trim() !== target.dataset.target ? "hint_target" : "";
  }

  const ticked = () => document.querySelectorAll("input[data-row]:checked").length;

  function missingOfRows(card) {
    const note = card.querySelector("[data-words-above]");
    if (!ticked()) return "hint_ticked";
    return note && ticked() > note.dataset.wordsAbove && !note.value.trim() ? "hint_words" : "";
  }

  /* A button that decides what is ticked says how many that is. */
  function count() {
    for (const label of document.querySelectorAll("[data-counts]")) label.textContent = JSON.parse(label.dataset.counts)[ticked()];
  }

  function open(button) {
    const scope = scopeOf(button);
    const over = scope?.matches(".held.zero") || scope?.querySelector(".due.zero, .clock.zero, .held.zero") || scope?.hasAttribute("data-deciding");
    return !over && !document.body.hasAttribute("data-locked") && !button.disabled;
  }

  function ready(button) {
    return open(button) && calm(button) && !(button.hasAttribute("data-arm") && missing(button));
  }
  hitl.ready = ready;

  function refresh() {
    for (const button of document.querySelectorAll("[data-arm]")) {
      const armed = ready(button);
      button.toggleAttribute("data-armed", armed);
      button.setAttribute("aria-disabled", String(!armed));
    }
    document.querySelectorAll("[data-arm-hint]").forEach(hint);
  }

  function hint(place) {
    const buttons = [...(place.closest("[data-card]") ?? document).querySelectorAll("[data-arm]")];
    const button = buttons.reverse().find((b) => b.checkVisibility());
    const why = button && missing(button);
    place.dataset.usual ??= place.textContent;
    const text = why ? hitl.word(why) : place.dataset.usual;
    if (place.textContent !== text) place.textContent = text;
  }

  function refuse(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // A click counts where it began: not if the window was just brought back, nor if the button came under the pointer meanwhile.
  document.addEventListener("pointerdown", (event) => {
    const button = event.target.closest?.(DECIDERS);
    pressed = button && { button, value: button.value, ready: ready(button) };
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(DECIDERS);
    if (!button) return;
    const down = pressed;
    pressed = null;
    const byPointer = event.isTrusted && event.detail > 0;
    const began = !byPointer || (down?.button === button && down.value === button.value && down.ready);
    if (!began || !ready(button)) return refuse(event);
    if (button.dataset.confirms) reveal(button);
  }, true);

  document.addEventListener("keydown", (event) => {
    const into = event.target;
    if (event.key !== "Enter" && event.key !== " ") return;
    if (event.repeat && into.closest?.(DECIDERS)) refuse(event);
    const field = event.key === "Enter" && into.matches?.("input, select") && !into.matches("[type=submit], [type=button]");
    if (field && into.form?.matches("[data-decides], [data-edit]") && !(event.ctrlKey || event.metaKey)) event.preventDefault();
  }, true);

  function reveal(button) {
    const block = document.getElementById(button.dataset.confirms);
    if (!block) return;
    block.setAttribute("data-open", "");
    button.setAttribute("aria-expanded", "true");
    button.hidden = true;
    hitl.disturb(block);
    if (!block.hasAttribute("tabindex")) block.tabIndex = -1;
    (block.querySelector("input[data-target]") ?? block).focus();
  }

  /* An address that ends in #confirm is a board's "Approve…": the panel is open at once, and arms as everywhere. */
  function arrive() {
    const button = document.querySelector(`[data-confirms="${CSS.escape(location.hash.slice(1))}"]`);
    if (button?.checkVisibility()) reveal(button);
  }

  function conceal(block) {
    block.removeAttribute("data-open");
    const button = document.querySelector(`[data-confirms="${CSS.escape(block.id)}"]`);
    if (!button) return;
    button.hidden = false;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }
  hitl.conceal = conceal;

  document.addEventListener("click", (event) => {
    const block = event.target.closest("[data-cancel]")?.closest("[data-confirm]");
    if (block) conceal(block);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-decides]")) return;
    const button = event.submitter;
    if (!button?.matches("button[data-decides]") || !ready(button)) return refuse(event);
    begin(button);
  }, true);

  function begin(button) {
    const scope = scopeOf(button) ?? button.form;
    scope.setAttribute("data-deciding", "");
    scopes.set(button, scope);
    button.setAttribute("aria-busy", "true");
    hitl.ownDecisions.add(scope.id);
    const label = button.querySelector("[data-label]") ?? scope.querySelector("[data-arm] [data-label]");
    if (label && !labels.has(label)) labels.set(label, label.textContent);
    if (label) label.textContent = hitl.word("deciding");
    button.closest("details.pop")?.removeAttribute("open");
    refresh();
  }

  function finish(button) {
    const scope = scopes.get(button);  // the answer may have taken the button away, and its row stays
    scope?.removeAttribute("data-deciding");
    button.removeAttribute("aria-busy");
    for (const label of scope?.querySelectorAll("[data-label]") ?? []) {
      if (labels.has(label)) label.textContent = labels.get(label);
      labels.delete(label);
    }
    refresh();
  }

  // Several posts of one form may wait in a queue: each goes with the button that was pressed for it, not with the last one.
  document.addEventListener("htmx:configRequest", (event) => {
    const button = event.detail.triggeringEvent?.submitter;
    if (!button) return;
    if (button.name) event.detail.parameters[button.name] = button.value;
    if (button.hasAttribute("formaction")) event.detail.path = button.getAttribute("formaction");
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const button = event.detail.requestConfig?.triggeringEvent?.submitter;
    if (!button || !event.target.matches("form[data-decides]")) return;
    const status = event.detail.xhr?.status ?? 0;
    const fields = scopeOf(button)?.querySelectorAll("[data-dirty]") ?? [];
    finish(button);
    if (event.detail.successful) fields.forEach((field) => field.removeAttribute("data-dirty"));
    if (event.detail.successful) {
      if (button.value.startsWith("undo:")) hitl.showNew();  // what waits again is shown at once, in its place
      return hitl.say(hitl.word("said_decided"));
    }
    hitl.ownDecisions.delete(scopeOf(button)?.id);
    hitl.disturb(button);
    if (![403, 409, 422].includes(status)) hitl.note("notes", "", hitl.word("not_sent"), hitl.closing());
  });

  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) entry.target.setAttribute("data-read", "");
    refresh();
  });

  function watch() {
    for (const end of document.querySelectorAll("[data-preview-end]:not([data-read])")) sight.observe(end);
    for (const card of document.querySelectorAll("[data-read-for]")) setTimeout(refresh, readUntil(card) - performance.now() + 20);
    refresh();
  }

  /* A part that was folded because it is long counts as read once the server has written down that it was opened. */
  async function tell(part) {
    const form = document.getElementById("opening");
    if (!form) return;
    const body = new FormData(form);
    body.set("part", part.dataset.mustOpen);
    const options = { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "manual", signal: AbortSignal.timeout(TOLD_MS) };
    try {
      const answer = await fetch(form.action, options);
      if (!answer.ok) throw new Error(answer.statusText);
      part.setAttribute("data-read", "");
    } catch {
      part.open = false;
      hitl.note("notes", "", hitl.word("not_opened"), hitl.closing());
    }
    refresh();
  }

  document.addEventListener("toggle", (event) => {
    const part = event.target;
    if (part.open && part.matches?.("details[data-must-open]:not([data-read])")) tell(part);
  }, true);

  document.addEventListener("input", refresh);
  document.addEventListener("change", refresh);
  document.addEventListener("change", (event) => event.target.matches("input[data-row]") && count());
  for (const row of document.querySelectorAll("input[data-preset]")) row.checked = true;
  count();
  document.addEventListener("hitl:zero", refresh);
  window.addEventListener("load", arrive);  // later than the browser, which would take the focus to the panel itself
  window.addEventListener("hashchange", arrive);
  document.addEventListener("hitl:drawn", watch);
  window.addEventListener("focus", () => hitl.disturb());
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("button[aria-busy]").forEach(finish);
    hitl.disturb();
  });
  document.addEventListener("visibilitychange", () => document.hidden || hitl.disturb());
  new MutationObserver(refresh).observe(document.body, { attributeFilter: ["data-locked"] });
})();
