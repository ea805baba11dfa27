/* Rows never jump: around the morph of a [data-steady] region, while somebody reads in it, rows stay where they are,
   decided ones become tombstones of the same height, and new ones or a new order wait behind the pill. */
"use strict";

(() => {
  const READING_MS = 10_000;
  const TOMBSTONE_MS = 20_000;
  const SLOT_MS = 3_000;
  const latest = new Map();   // region id -> what the server said last
  const touched = new Map();  // region id -> when somebody last did something in it
  const buried = new Map();   // row id -> { at, height }
  const held = new Map();     // region id -> { fresh, soon, reordered }
  const pointing = matchMedia("(hover: hover)");
  let focusedRow = "";

  const rowsOf = (region) => [...region.querySelectorAll("li[id]")].filter((row) => !row.closest("[data-gone]"));
  const isGone = (row) => row.classList.contains("tombstone");
  const typing = (row) => row.querySelector("input[data-dirty], textarea[data-dirty], select[data-dirty]");

  function stamp(event) {
    const region = event.target.closest?.("[data-steady]");
    if (region) touched.set(region.id, performance.now());
  }
  for (const kind of ["pointermove", "pointerdown", "keydown", "focusin", "wheel"]) {
    document.addEventListener(kind, stamp, { capture: true, passive: true });
  }

  function engaged(region) {
    if (performance.now() - (touched.get(region.id) ?? -READING_MS) < READING_MS) return true;
    if (region.dataset.steady !== "slots" && window.scrollY > 8) return true;
    if (!document.hasFocus()) return false;
    return region.contains(document.activeElement) || (pointing.matches && region.matches(":hover"));
  }

  function tombstone(row, words) {
    const made = hitl.element("li", { id: row.id, class: `${row.classList.contains("item") ? "item " : ""}tombstone` });
    made.append(hitl.element("p", { class: "gone" }, words));
    return made;
  }

  /* A row somebody is typing in keeps its words; only its other buttons give way to the news. */
  function overtaken(row, news) {
    const kept = row.cloneNode(true);
    const acts = kept.querySelector(".acts");
    for (const act of [...(acts?.children ?? [])]) if (!typing(act) && !act.hasAttribute("data-dirty")) act.remove();
    acts?.append(...news.cloneNode(true).childNodes);
    return kept;
  }

  function bury(row, news) {
    if (isGone(row)) return news ?? row.cloneNode(true);
    if (!buried.has(row.id)) buried.set(row.id, { at: performance.now(), height: row.offsetHeight });
    const region = row.closest("[data-steady]");
    const made = news ?? tombstone(row, hitl.word(region.dataset.steady === "slots" ? "task_gone" : "gone"));
    return typing(row) ? overtaken(row, made) : made;
  }

  const age = (id) => performance.now() - (buried.get(id)?.at ?? 0);

  /* Split what the server sent into rows that live and tombstones, and take the tombstones out of it. */
  function sort(incoming) {
    const all = [...incoming.querySelectorAll("li[id]")];
    const news = new Map(all.filter(isGone).map((row) => [row.id, row]));
    news.forEach((row) => row.remove());
    const live = new Map(all.filter((row) => !isGone(row)).map((row) => [row.id, row]));
    live.forEach((_, id) => buried.delete(id));
    return { live, news };
  }

  /* Current order, current groups; only the rows themselves are renewed. */
  function inPlace(region, incoming, live, news) {
    const shell = region.cloneNode(true);
    const now = rowsOf(region);
    for (const row of now) {
      const copy = shell.querySelector(`#${CSS.escape(row.id)}`);
      copy.replaceWith(live.get(row.id) ?? bury(row, news.get(row.id)));
    }
    incoming.replaceChildren(...shell.childNodes);
    hold(region, now, live);
  }

  function hold(region, now, live) {
    const here = new Set(now.map((row) => row.id));
    const fresh = [...live].filter(([id]) => !here.has(id)).map(([, row]) => row);
    const wanted = [...live.keys()].filter((id) => here.has(id));
    const shown = now.map((row) => row.id).filter((id) => live.has(id));
    const before = held.get(region.id)?.fresh ?? 0;
    const soon = fresh.filter((row) => row.querySelector(".due.soon")).length;
    held.set(region.id, { fresh: fresh.length, soon, reordered: wanted.join() !== shown.join() });
    if (fresh.length > before) hitl.say(hitl.word(soon ? "said_new_soon" : "said_new", { n: fresh.length, soon }));
  }

  /* Server order; a young tombstone stays behind the row it followed. */
  function inOrder(region, incoming, live, news, sweep) {
    const now = rowsOf(region);
    held.delete(region.id);
    now.forEach((row, index) => {
      if (live.has(row.id)) return;
      const grave = bury(row, news.get(row.id));
      if (sweep || age(row.id) > TOMBSTONE_MS) return;
      const before = now.slice(0, index).reverse().map((r) => incoming.querySelector(`#${CSS.escape(r.id)}`)).find(Boolean);
      if (before) before.after(grave);
      else incoming.querySelector("ol:not([data-gone]), ul")?.prepend(grave);
    });
    const shown = rowsOf(incoming).map((row) => row.id).join();
    if (shown !== now.map((row) => row.id).join()) hitl.disturb();
    const fresh = [...live.keys()].filter((id) => !now.some((row) => row.id === id)).length;
    if (fresh && now.length) hitl.say(hitl.word("said_new", { n: fresh }));
  }

  /* Like a car park: who leaves frees a slot, who comes takes a free one, nobody else moves. */
  function inSlots(region, incoming, live, news, free) {
    const list = incoming.querySelector("ol, ul");
    const now = rowsOf(region);
    const waiting = [...live].filter(([id]) => !now.some((row) => row.id === id)).map(([, row]) => row);
    const slots = now.map((row) => {
      if (live.has(row.id)) return live.get(row.id);
      const grave = bury(row, news.get(row.id));
      return free && waiting.length && age(row.id) > SLOT_MS ? waiting.shift() : grave;
    });
    if (free) slots.push(...waiting);
    while (free && slots.length && isGone(slots.at(-1)) && age(slots.at(-1).id) > TOMBSTONE_MS) slots.pop();
    if (list) list.replaceChildren(...slots);
    else if (slots.some((row) => !isGone(row)) || !free) incoming.replaceChildren(...region.cloneNode(true).childNodes);
  }

  function arrange(region, incoming, { sweep = false } = {}) {
    latest.set(region.id, incoming.cloneNode(true));
    const { live, news } = sort(incoming);
    const reading = !sweep && engaged(region);
    if (region.dataset.steady === "slots") inSlots(region, incoming, live, news, !reading);
    else if (reading && rowsOf(region).length) inPlace(region, incoming, live, news);
    else inOrder(region, incoming, live, news, sweep);
  }

  /* One push brings several regions: the row that had the focus before the first of them counts. */
  function remember() {
    const row = document.activeElement?.closest("[data-steady] li[id]");
    if (row && !isGone(row)) focusedRow = row.id;
  }

  function steadyPairs(fragment) {
    const found = [...fragment.querySelectorAll("[data-steady]")];
    return found.map((incoming) => [document.getElementById(incoming.id), incoming]).filter(([region]) => region);
  }

  document.addEventListener("hitl:prepare", (event) => {
    remember();
    for (const [region, incoming] of steadyPairs(event.detail.fragment)) arrange(region, incoming);
  });

  /* Draw again what the server said last, now that nobody reads or somebody asked for it. */
  function redraw(region, options) {
    const incoming = latest.get(region.id)?.cloneNode(true);
    if (!incoming) return;
    remember();
    arrange(region, incoming, options);
    Idiomorph.morph(region, incoming, { morphStyle: "outerHTML" });
    htmx.process(document.getElementById(region.id));
    document.dispatchEvent(new CustomEvent("hitl:drawn"));
  }

  hitl.showNew = () => {
    const inPill = document.activeElement?.closest(".fresh");
    for (const region of document.querySelectorAll("[data-steady]")) redraw(region, { sweep: true });
    if (inPill) document.querySelector("[data-steady] li h3 a")?.focus();
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-fresh]")) hitl.showNew();
  });

  setInterval(() => {
    for (const region of document.querySelectorAll("[data-steady]")) {
      const old = rowsOf(region).some((row) => isGone(row) && age(row.id) > TOMBSTONE_MS);
      if ((old || held.has(region.id)) && !engaged(region)) redraw(region);
    }
  }, 1000);

  function pill() {
    const button = document.querySelector("[data-fresh]");
    if (!button) return;
    const news = held.get(button.dataset.fresh || "queue") ?? { fresh: 0 };
    const words = button.querySelector("[data-fresh-words]") ?? button;
    button.hidden = !(news.fresh || news.reordered);
    if (!button.hidden) words.textContent = news.fresh ? hitl.word("fresh", { n: news.fresh }) : hitl.word("reordered");
  }

  /* The same height as the row had; the style goes through the object model, which the content policy allows. */
  function level(row) {
    const height = isGone(row) ? buried.get(row.id)?.height : 0;
    row.style.height = height ? `${height}px` : "";
    if (isGone(row)) row.tabIndex = -1;
  }

  /* Focus goes on to the next row after one's own decision; after somebody else's it stays on the tombstone. */
  function refocus() {
    const row = document.getElementById(focusedRow);
    if (!row || !isGone(row)) return;
    const rows = rowsOf(row.closest("[data-steady]"));
    const rest = [...rows.slice(rows.indexOf(row)), ...rows.slice(0, rows.indexOf(row))].find((r) => !isGone(r));
    const next = hitl.ownDecisions?.has(row.id) ? rest?.querySelector("h3 a") : null;
    (next ?? row).focus();
    hitl.disturb();
  }

  document.addEventListener("hitl:drawn", () => {
    document.querySelectorAll("[data-steady] li[id]").forEach(level);
    pill();
    refocus();
    focusedRow = "";
  });
})();
