/* The keyboard map. A key presses what is on screen: the element in reach that says data-key. */
"use strict";

(() => {
  const SWITCH = "hitl.single-keys";
  const box = document.getElementById("single-keys");
  const help = document.getElementById("help");

  function allowed() {
    return box.checked && document.hasFocus() && !document.querySelector("dialog[open]");
  }

  function reach() {
    const row = document.activeElement?.closest("[data-steady] li[id]");
    return row ?? document.querySelector("[data-card]");
  }

  function press(key) {
    const scope = reach();
    const inside = scope?.querySelector("[data-confirm][data-open]") ?? scope;
    const found = [...(inside?.querySelectorAll(`[data-key="${key}"]`) ?? [])].find((e) => e.checkVisibility() && !e.disabled);
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

  const single = (act) => (event) => {
    if (!allowed()) return;
    event.preventDefault();
    act();
  };
  const arrow = (step) => (event) => {
    if (!allowed() || !inList()) return;
    event.preventDefault();
    walk(step);
  };
  const search = single(() => document.querySelector("[data-search]")?.focus());
  const sheet = single(() => help.showModal());

  tinykeys.tinykeys(window, {
    j: single(() => walk(1)),
    k: single(() => walk(-1)),
    ArrowDown: arrow(1),
    ArrowUp: arrow(-1),
    a: single(() => press("a")),
    x: single(() => press("x")),
    e: single(() => press("e")),
    r: single(() => press("r")),
    z: single(takeBack),
    "[Shift]++": single(() => press("+")),
    "-": single(() => press("-")),
    ...Object.fromEntries([..."123456789"].map((n) => [n, single(() => press(n))])),
    ".": single(() => hitl.showNew()),
    p: single(() => hitl.pause?.()),
    "[Shift]+/": search,
    "[Shift]+?": sheet,
  });

  window.addEventListener("keydown", (event) => {
    if (event.repeat || event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") back();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    }
  });

  try {
    box.checked = localStorage.getItem(SWITCH) !== "off";
  } catch { /* no storage: the keys work and the choice lasts as long as the page */ }
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, box.checked ? "on" : "off");
    } catch { /* as above */ }
  });
})();
