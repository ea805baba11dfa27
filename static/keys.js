/* The keyboard map. A key presses what is on screen: the element in reach that says data-key. Which key does what, the
   page says (#keyboard): [the key that an entry comes with, the key that does it now, what it does]. */
"use strict";

(() => {
  const { mode, map } = JSON.parse(document.getElementById("keyboard").textContent);
  const help = document.getElementById("help");
  const STEPS = { ArrowDown: 1, ArrowUp: -1 };
  const OPTION = /^[1-9]$/;
  const WRITTEN_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";
  // What a check, a part that must be opened, a field that was edited and a change between two versions look like.
  const TO_SEE = "input[data-ack]:not(:checked), details[data-must-open]:not([data-read]) > summary, .field.dirty :is(input, select, textarea), [data-card] :is(dd, .words):has(> :is(ins, del))";

  function reach() {
    const row = document.activeElement?.closest("[data-steady] li[id]");
    return row ?? document.querySelector("[data-card]");
  }

  function find(key) {
    const scope = reach();
    const inside = scope?.querySelector("[data-confirm][data-open]") ?? scope;
    return [...(inside?.querySelectorAll(`[data-key="${key}"]`) ?? [])].find((e) => e.checkVisibility() && !e.disabled);
  }

  function press(key) {
    const found = find(key);
    if (!found) return false;
    const decides = found.matches("[data-arm], [data-decides], [data-confirms]");
    if (decides && !hitl.ready(found)) return true;
    found.click();
    if (found.matches("summary")) found.parentElement.querySelector(".panel textarea, .panel button, .panel input")?.focus();
    return true;
  }

  /* The approval in reach, or else the newest of one's own that is held: after a decision the focus is on the next row. */
  function takeBack() {
    if (press("z")) return;
    const mine = (held) => held.dataset.approvers.split(" ").includes(document.body.dataset.person);
    const buttons = [...document.querySelectorAll(".feed [data-held]")].filter(mine).map((held) => held.querySelector("[data-key=z]"));
    buttons.find((button) => button && hitl.ready(button))?.click();
  }

  function titles() {
    return [...document.querySelectorAll("[data-steady]:not([data-steady=slots]) li[id]:not(.tombstone) h3 a")];
  }

  /* On a board: the next row takes the focus. On a card: the next action is opened. */
  function walk(step) {
    const links = titles();
    if (!links.length) return document.querySelector(`a[data-walk="${step > 0 ? "next" : "previous"}"]`)?.click();
    const row = document.activeElement?.closest("[data-steady] li[id]");
    const at = links.findIndex((link) => row?.contains(link));
    if (at >= 0) return links[Math.max(0, Math.min(links.length - 1, at + step))].focus();
    const after = links.filter((link) => !row || row.compareDocumentPosition(link) & Node.DOCUMENT_POSITION_FOLLOWING);
    const before = links.filter((link) => !after.includes(link));
    (step > 0 ? after[0] ?? links.at(-1) : before.at(-1) ?? links[0]).focus();
  }

  function inList() {
    return document.activeElement?.closest("[data-steady]");
  }

  function back() {
    const block = document.querySelector("[data-confirm][data-open]");
    const pop = document.querySelector("details.pop[open], details.menu[open]");
    if (block) return hitl.conceal(block);
    if (pop) {
      pop.removeAttribute("open");
      return pop.querySelector("summary").focus();
    }
    if (document.activeElement?.matches("input, select, textarea")) return document.activeElement.blur();
    document.querySelector("a[data-back]")?.click();
  }

  /* In a field, too: this is how a form is sent without leaving the keyboard. */
  function send() {
    const form = document.activeElement?.form ?? document.querySelector("form[data-edit]");
    const inside = document.activeElement?.closest("[data-confirm], .panel") ?? form;
    const button = inside?.querySelector("button[data-submit]") ?? form?.querySelector("button[data-submit]");
    button?.click();
  }

  /* The next thing to look at or to tick, in the order of the page, and round again. */
  function toSee() {
    const places = [...document.querySelectorAll(TO_SEE)].filter((place) => place.checkVisibility());
    const here = document.activeElement;
    const later = (place) => here.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING && !here.contains(place);
    const next = places.find(later) ?? places[0];
    if (!next) return;
    if (!next.matches("input, select, textarea, summary")) next.tabIndex = -1;
    next.focus();
  }

  // What else than pressing its button an entry of the map does.
  const ACTS = {
    j: () => walk(1),
    k: () => walk(-1),
    z: takeBack,
    v: toSee,
    ".": () => hitl.showNew(),
    p: () => hitl.pause?.(),
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => help.showModal(),
  };

  // Where one of these is not on the page, it would do nothing.
  const WALKS = "[data-steady]:not([data-steady=slots]) h3 a, a[data-walk]";
  const NEEDS = { j: WALKS, k: WALKS, z: "[data-key=z]", v: TO_SEE, ".": "[data-steady]", p: "#chip", "/": "[data-search]" };
  const has = (wanted) => [...document.querySelectorAll(wanted)].some((place) => place.checkVisibility());

  /* What the keys would do now, for the palette: of what decides, only what is still the same when it is chosen. */
  hitl.commands = () => {
    const offered = [];
    for (const [entry, , does] of map) {
      const target = find(entry), value = target?.value;
      if (ACTS[entry] ? !has(NEEDS[entry] ?? "body") : !target) continue;
      const title = target?.closest("li[id], [data-card]")?.querySelector("h1, h3")?.textContent.trim();
      offered.push({ does: !ACTS[entry] && title ? `${does}: ${title}` : does, cap: capOf(entry), run: () => chosen(entry, target, value) });
    }
    return offered;
  };

  function chosen(entry, target, value) {
    if (ACTS[entry]) return ACTS[entry]();
    if (find(entry) !== target || target.value !== value) return;
    if (target.closest("[data-confirm]")) return target.focus();
    press(entry);
  }

  const entryOf = (key) => (OPTION.test(key) ? key : map.find(([, now]) => now === key)?.[0]);

  /* The entry of the map that somebody means, if any: a letter alone, or with Alt if that is how they want it. */
  function meant(event) {
    const graph = event.getModifierState("AltGraph");  // Windows says Ctrl and Alt for it, and it makes characters
    const key = event.key.toLowerCase();
    if (mode === "off" || !graph && (event.ctrlKey || event.metaKey || event.altKey !== (mode === "alt"))) return undefined;
    if (event.shiftKey && key !== key.toUpperCase()) return undefined;
    const plain = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1].toLowerCase();  // on a Mac, Alt makes another character
    return entryOf(key) ?? (mode === "alt" ? entryOf(plain) : undefined);
  }

  function single(event) {
    const entry = meant(event);
    const alone = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && !event.target.matches("input");
    const step = mode !== "off" && alone && inList() ? STEPS[event.key] : 0;
    if (!entry && !step) return;
    event.preventDefault();
    if (step) walk(step);
    else if (ACTS[entry]) ACTS[entry]();
    else press(entry);
  }

  window.addEventListener("keydown", (event) => {
    if (!event.key || event.repeat || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") back();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else if (document.hasFocus() && !event.target.matches?.(WRITTEN_IN)) single(event);
  });

  /* The caps in buttons and hints show the keys as this person has them. */
  function capOf(key) {
    const now = OPTION.test(key) ? key : map.find(([entry]) => entry === key)?.[1];
    if (!now || mode === "off") return "";
    const upper = now.toUpperCase();
    return `${mode === "alt" ? "Alt " : ""}${upper.length === 1 ? upper : now}`;
  }

  function cap(kbd) {
    const key = kbd.dataset.cap ?? kbd.closest("[data-key]")?.dataset.key;
    if (key === undefined) return;
    const text = capOf(key);
    kbd.hidden = !text;
    if (text && kbd.textContent !== text) kbd.textContent = text;
  }
  const caps = (root) => root.querySelectorAll("kbd").forEach(cap);
  document.addEventListener("hitl:prepare", (event) => caps(event.detail.fragment));
  caps(document);
})();
