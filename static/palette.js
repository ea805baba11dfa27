/* The command palette: what can be done on this page, where one can go, and what a search finds. Ctrl or Cmd and K.
   A command does what its key does; what confirms a high risk it only puts under the finger. */
"use strict";

(() => {
  const dialog = document.getElementById("palette");
  const input = dialog.querySelector("[role=combobox]");
  const found = document.getElementById("palette-found");
  const groups = { here: document.getElementById("palette-here"), go: document.getElementById("palette-go"), all: document.getElementById("palette-all") };
  const acts = new WeakMap();  // option -> what it does
  let ids = 0;

  const options = () => [...dialog.querySelectorAll("[role=option]")].filter((option) => option.checkVisibility());
  const active = () => dialog.querySelector("[aria-selected=true]");

  function option(words, act, cap = "") {
    const made = hitl.element("div", { role: "option", id: `palette-${(ids += 1)}`, "aria-selected": "false" }, hitl.element("span", {}, words));
    if (cap) made.append(hitl.element("kbd", {}, cap));
    acts.set(made, act);
    return made;
  }

  const go = (address) => () => location.assign(address);
  const own = (link) => [...link.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join("").trim();

  function fill(group, made) {
    group.querySelectorAll("[role=option]").forEach((old) => old.remove());
    group.append(...made);
  }

  function choose(next) {
    active()?.setAttribute("aria-selected", "false");
    next?.setAttribute("aria-selected", "true");
    next?.scrollIntoView({ block: "nearest" });
    if (next) input.setAttribute("aria-activedescendant", next.id);
    else input.removeAttribute("aria-activedescendant");
  }

  /* What fits every word that was typed; what the server found fits by itself and comes after it. */
  function narrow() {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const line of [...groups.here.children, ...groups.go.children]) {
      if (line.role === "option") line.hidden = !words.every((word) => line.firstChild.textContent.toLowerCase().includes(word));
    }
    const text = input.value.trim();
    fill(groups.all, text ? [option(hitl.word("search_all", { q: text }), go(`${dialog.dataset.search}?q=${encodeURIComponent(text)}`))] : []);
    if (text.length < 2) found.replaceChildren();
    shown();
    choose(options()[0]);
  }

  function shown() {
    for (const group of Object.values(groups)) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    dialog.querySelector("[role=status]").textContent = hitl.word("offered", { n: options().length });
  }

  function open(text = "") {
    if (document.querySelector("dialog[open]")) return;
    const commands = hitl.commands();  // before the dialog has the focus: a row's keys belong to the row that has it
    fill(groups.here, commands.map(({ does, cap, run }) => option(does, run, cap)));
    fill(groups.go, [...document.querySelectorAll(".rail a, .menu .panel a")].map((link) => option(own(link), go(link.href))));
    found.replaceChildren();
    input.value = text;
    dialog.showModal();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function run(chosen) {
    if (!chosen) return;
    dialog.close();  // the focus is where it was
    (acts.get(chosen) ?? go(chosen.dataset.href))();
  }

  function step(by) {
    const all = options();
    choose(all[(all.indexOf(active()) + by + all.length) % all.length]);
  }

  input.addEventListener("input", narrow);
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by && event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    if (by) step(by);
    else if (!event.repeat) run(active());
  });
  found.addEventListener("htmx:afterSwap", () => {
    shown();
    if (!active()) choose(options()[0]);
  });
  dialog.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[role=option]")) event.preventDefault();  // the focus stays in the field
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
    else run(event.target.closest("[role=option]"));
  });

  const box = document.querySelector("[data-search]");
  window.addEventListener("keydown", (event) => {
    const called = event.key?.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const down = event.key === "ArrowDown" && event.target === box;
    if (!called && !down || event.repeat) return;
    event.preventDefault();
    open(event.target === box ? box.value : "");
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-palette]")) return;
    event.target.closest("details[open]")?.removeAttribute("open");
    open(box.value);
  });
})();
