/* The one socket of a page, and a chip that tells the truth about it. */
"use strict";

(() => {
  const STALE_MS = 3_000;
  const POLL_AFTER_MS = 10_000;
  const POLL_MS = 5_000;
  const SIGNED_OUT = new Set([4401, 4403]);
  const TENTHS = new Intl.NumberFormat(document.documentElement.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const REOPENED_BY_EXTENSION = new Set([1006, 1011, 1012, 1013]);
  const socket = document.getElementById("socket");
  if (!socket) return;

  const chip = document.getElementById("chip");
  const pause = document.getElementById("pause");
  const heldBack = new Map();  // region id -> its newest drawing
  let heardAt = performance.now();
  let everOpen = false, wrapper = null, tries = 0, out = false, paused = false, locked = false;
  let missed = 0, polledAt = 0, polling = false, lost = false;

  const backoff = (n) => Math.min(10_000, 500 * 2 ** Math.min(n, 6)) * (0.5 + Math.random() / 2);
  htmx.config.wsReconnectDelay = backoff;

  function heard() {
    heardAt = performance.now();
  }

  function hold(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    for (const region of parsed.body.children) heldBack.set(region.id, region.outerHTML);
    missed += 1;
  }

  function take(html) {
    if (paused) hold(html);
    else hitl.apply(html);
  }

  document.addEventListener("htmx:wsBeforeMessage", (event) => {
    heard();
    const message = event.detail.message;
    if (message.startsWith('<i id="beat"')) {
      const at = Number(/data-at="([\d.]+)"/.exec(message)?.[1]);
      if (at) hitl.sync(at * 1000);
      event.preventDefault();
    } else if (paused) {
      hold(message);
      event.preventDefault();
    }
    show();
  });

  document.addEventListener("htmx:wsOpen", (event) => {
    wrapper = event.detail.socketWrapper;
    everOpen = true;
    tries = 0;
    show();
  });

  document.addEventListener("htmx:wsClose", (event) => {
    wrapper = event.detail.socketWrapper ?? wrapper;
    const code = event.detail.event.code;
    if (SIGNED_OUT.has(code)) signedOut();
    else if (!REOPENED_BY_EXTENSION.has(code)) setTimeout(() => !out && wrapper?.reconnect(), backoff(tries++));
    show();
  });

  function signedOut() {
    out = true;
    lock(true);
    const there = `${document.body.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
    hitl.note("lost", hitl.word("signed_out"), "", hitl.element("a", { class: "btn small go", href: there }, hitl.word("sign_in")));
  }

  function lock(on) {
    if (on && !locked) hitl.say(hitl.word("said_locked"));
    locked = on;
    document.body.toggleAttribute("data-locked", on);
  }

  /* Plain HTTP in place of the socket: the same regions from the page's own address. */
  async function poll() {
    if (polling || !socket.dataset.poll) return;
    polling = true;
    polledAt = performance.now();
    try {
      const options = { headers: { "HX-Request": "true" }, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(POLL_MS) };
      const answer = await fetch(socket.dataset.poll, options);
      if (answer.type === "opaqueredirect" || answer.status === 401) return signedOut();
      if (!answer.ok) throw new Error(answer.statusText);
      take(await answer.text());
      if (!out) lock(false);
    } catch {
      lock(true);
    } finally {
      polling = false;
      show();
    }
  }

  /* Only a page that names an address can ask for its news instead of hearing them. */
  const asks = (silence) => Boolean(socket.dataset.poll) && silence >= POLL_AFTER_MS;

  function state(silence) {
    if (out) return "out";
    if (paused) return "paused";
    if (silence < STALE_MS) return everOpen ? "live" : "connecting";
    if (locked) return "lost";
    return asks(silence) ? "polling" : "stale";
  }

  const WORDS = { out: "signed_out", paused: "paused", live: "live", connecting: "connecting", stale: "stale", polling: "polling", lost: "lost" };

  function detail(now, silence) {
    if (paused) return missed ? hitl.word("held_back", { n: missed }) : "";
    const seconds = silence < 10_000 ? TENTHS.format(silence / 1000) : String(Math.floor(silence / 1000));
    return everOpen || now === "polling" || now === "lost" ? hitl.word("updated", { age: seconds }) : "";
  }

  function show() {
    const silence = performance.now() - heardAt;
    const now = state(silence);
    chip.dataset.state = now;
    chip.querySelector("i").className = now === "live" ? "pulse" : "";
    write(chip.querySelector("[data-chip-words]"), hitl.word(WORDS[now]));
    write(chip.querySelector("[data-chip-age]"), detail(now, silence));
    if (!out) tellLoss(silence);
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function retry() {
    const button = hitl.element("button", { class: "btn small", type: "button", "data-retry": "" }, hitl.word("retry"));
    return button;
  }

  function tellLoss(silence) {
    const place = document.getElementById("lost");
    if (silence < STALE_MS) {
      if (!lost) return;
      lost = false;
      lock(false);
      place.replaceChildren();
      hitl.say(hitl.word("said_back"));
    } else if (!lost && everOpen | (silence > POLL_AFTER_MS)) {
      lost = true;
      hitl.note("lost", hitl.word("lost"), "", retry());
    }
    if (!lost) return;
    const words = hitl.word(locked ? "lost_locked" : asks(silence) ? "lost_polling" : "lost_trying");
    const line = place.querySelector("p");
    if (line && line.lastChild.textContent !== words) line.lastChild.textContent = words;
  }

  hitl.pause = () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.setAttribute("aria-label", hitl.word(paused ? "resume" : "pause"));
    pause.querySelector("use").setAttribute("href", pause.querySelector("use").getAttribute("href").replace(/#.*/, paused ? "#i-play" : "#i-pause"));
    hitl.say(hitl.word(paused ? "said_paused" : "said_resumed", { n: missed }));
    if (!paused) release();
    show();
  };

  function release() {
    const html = [...heldBack.values()].join("");
    heldBack.clear();
    missed = 0;
    if (html) hitl.apply(html);
  }

  pause.addEventListener("click", hitl.pause);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-retry]")) return;
    if (performance.now() - heardAt >= STALE_MS) wrapper?.reconnect();
    poll();
  });
  window.addEventListener("online", () => !out && performance.now() - heardAt >= STALE_MS && wrapper?.reconnect());
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());

  setInterval(() => {
    const silence = performance.now() - heardAt;
    if (!out && asks(silence) && performance.now() - polledAt >= POLL_MS) poll();
    show();
  }, 500);

  chip.hidden = pause.hidden = false;
  show();
})();
