/* Time left and time gone by, counted by the server's clock: once a second, silently. */
"use strict";

(() => {
  const SOON_MS = 5 * 60_000;
  const announced = new WeakMap();
  let offset = Date.parse(document.body.dataset.now) - Date.now();

  hitl.sync = (milliseconds) => { offset = milliseconds - Date.now(); };
  hitl.now = () => Date.now() + offset;

  function left(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    if (seconds < 1200) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds < 7200) return hitl.word("min", { n: Math.floor(seconds / 60) });
    if (seconds < 172800) return hitl.word("hour", { n: Math.floor(seconds / 3600) });
    return hitl.word("day", { n: Math.floor(seconds / 86400) });
  }

  /* A hold is told in a sentence, by the seconds begun. */
  function sentence(time, rest) {
    const n = rest <= 60_000 ? hitl.word("s", { n: Math.ceil(rest / 1000) }) : left(rest);
    return time.dataset.words.replace("{n}", n);
  }

  function share(clock, due) {
    const bar = clock.querySelector("progress[data-from]");
    if (!bar) return;
    const from = Date.parse(bar.dataset.from);
    bar.value = Math.round(Math.max(0, Math.min(100, (100 * (due - hitl.now())) / (due - from))));
  }

  function draw(time) {
    const due = Date.parse(time.dataset.due);
    const rest = due - hitl.now();
    const text = rest <= 0 ? time.dataset.zero : time.dataset.words ? sentence(time, rest) : left(rest);
    if (time.textContent !== text) time.textContent = text;
    const clock = time.closest(".due, .clock, .held");
    if (clock) {
      clock.classList.toggle("zero", rest <= 0);
      clock.classList.toggle("soon", rest > 0 && rest < SOON_MS);
      share(clock, due);
    }
    if (time.isConnected) tell(time, rest);
  }

  /* Only the clock of the open card speaks: once at 60 seconds, once at zero. */
  function tell(time, rest) {
    const phase = rest <= 0 ? "zero" : rest <= 60_000 ? "minute" : "";
    if (!phase || announced.get(time) === phase) return;
    announced.set(time, phase);
    if (time.hasAttribute("data-announce")) hitl.alert(hitl.word(`said_${phase}`));
    if (phase === "zero") document.dispatchEvent(new CustomEvent("hitl:zero", { detail: time }));
  }

  function ago(seconds) {
    if (seconds < 5) return hitl.word("now");
    if (seconds < 60) return hitl.word("s_ago", { n: seconds });
    if (seconds < 3600) return hitl.word("min_ago", { n: Math.floor(seconds / 60) });
    return hitl.word("h_ago", { n: Math.floor(seconds / 3600) });
  }

  /* Older than a day: the server has written the date. */
  function grow(time) {
    const seconds = Math.floor((hitl.now() - Date.parse(time.dataset.age)) / 1000);
    const text = seconds < 86400 ? ago(seconds) : time.textContent;
    if (time.textContent !== text) time.textContent = text;
  }

  function drawAll(root) {
    root.querySelectorAll("time[data-due]").forEach(draw);
    root.querySelectorAll("time[data-age]").forEach(grow);
  }

  document.addEventListener("hitl:prepare", (event) => drawAll(event.detail.fragment));
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  setInterval(() => drawAll(document), 1000);
})();
