/* What a tab tells somebody who looks elsewhere: how much waits, a ring round its icon while something is nearly over, and,
   for who asked for that, a tone when something critical comes. */
"use strict";

(() => {
  const wishes = document.body.dataset;
  const icon = document.querySelector("link[rel=icon]");
  const PITCHES = [880, 660];
  const STEP_S = 0.18;
  let audio = null;

  function counts() {
    const waiting = document.querySelector("[data-waiting]")?.dataset.waiting;
    if (waiting === undefined) return;
    const before = "counter" in wishes && waiting !== "0" ? `(${waiting}) ` : "";
    document.title = document.title.replace(/^(\(\S+\) )?/, before);
    for (const badge of document.querySelectorAll("[data-waiting-badge]")) {
      badge.hidden = waiting === "0";
      badge.firstElementChild.textContent = waiting;
    }
  }

  function ring() {
    const soon = document.querySelector("[data-steady=rows] li[id]:not(.tombstone) .due.soon");
    icon.dataset.usual ??= icon.href;
    const wanted = soon && "counter" in wishes ? icon.dataset.soon : icon.dataset.usual;
    if (icon.href !== new URL(wanted, location.href).href) icon.href = wanted;
  }

  /* Two short notes. Browsers keep them silent until somebody has pressed something on the page. */
  hitl.tone = () => {
    audio ??= new AudioContext();
    audio.resume();
    const at = audio.currentTime, volume = audio.createGain();
    volume.gain.setValueAtTime(0.15, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 3 * STEP_S);
    volume.connect(audio.destination);
    PITCHES.forEach((pitch, n) => {
      const note = audio.createOscillator();
      note.frequency.value = pitch;
      note.connect(volume);
      note.start(at + n * STEP_S);
      note.stop(at + (n + 1) * STEP_S);
    });
  };

  const critical = (root) => [...root.querySelectorAll("[data-steady=rows] li[id]:not(.tombstone, .mine)")].filter((row) => row.querySelector(".risk.c"));
  const known = new Set(critical(document).map((row) => row.id));

  // What waits behind the pill counts, too: whoever reads something else has not seen it.
  document.addEventListener("hitl:prepare", (event) => {
    const fresh = critical(event.detail.fragment).filter((row) => !known.has(row.id));
    fresh.forEach((row) => known.add(row.id));
    if (fresh.length && "tones" in wishes) hitl.tone();
  });
  document.addEventListener("click", (event) => event.target.closest("[data-tone]") && hitl.tone());
  document.addEventListener("hitl:drawn", () => {
    counts();
    ring();
  });
  setInterval(ring, 1000);
})();
