// Warns before the automatic log-off, and keeps a half-written form over it. Nothing is stored in the browser: the form
// stays in this page, hidden, until the same person has signed in again (K4, WCAG 2.2.1 and 2.2.5).
// While it is in sight a page also asks every few seconds whether the session was ended elsewhere, or a right that may
// have opened what it shows (I10, A3, K1); the pages of a scan ask for themselves (still.js).
"use strict";

(() => {
  const ONE = 1000;
  const SAID_AT = [60, 30, 10];
  // Under five seconds with the answer's way; never all pages at once.
  const between = () => 3400 + Math.random() * 800;
  // What the end of these leaves on a page, the server keeps it from: no form is lost for it.
  const FORM_STAYS = "ce";
  const warning = document.getElementById("idle-warning");
  const ended = document.getElementById("idle-ended");
  const { address, signIn, home, who } = warning.dataset;
  const warned = Number(warning.dataset.warned);
  const marks = warning.dataset.marks.split(" ").filter(Boolean);
  const title = document.title;
  let end = Date.now() + Number(warning.dataset.seconds) * ONE;
  let typed = warning.dataset.typed === "yes";
  let answered = false; // Who has answered a warning gets no second one for the same end.
  let said = 0;
  let asking = false;
  let next = Date.now() + between();

  const left = () => Math.ceil((end - Date.now()) / ONE);
  const covered = () => document.documentElement.hasAttribute("data-covered");
  const tokens = () => document.querySelectorAll("input[name=csrfmiddlewaretoken]");

  async function ask(method) {
    const headers = method === "POST" ? { "X-CSRFToken": tokens()[0].value } : {};
    const answer = await fetch(address, { method, headers, credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error("no answer");
    return answer.json();
  }

  function inWords(seconds) {
    if (seconds > 60) return `${Math.ceil(seconds / 60)} ${warning.dataset.minutes}`;
    return seconds === 60 ? `1 ${warning.dataset.minute}` : `${seconds} ${warning.dataset.leftSeconds}`;
  }

  function warn() {
    document.getElementById("idle-time").textContent = inWords(left());
    if (!warning.open) {
      said = left();
      warning.showModal();
      document.getElementById("idle-stay").focus();
    }
    // A screen reader hears the time a few times, not each second.
    const due = SAID_AT.find((seconds) => left() <= seconds && seconds < said);
    if (due) {
      said = due;
      document.getElementById("idle-said").textContent = inWords(due);
    }
  }

  function leave(to) {
    cover();
    location.replace(to);
  }

  function cover() {
    document.documentElement.setAttribute("data-covered", "");
    document.title = document.getElementById("idle-ended-title").textContent;
    if (document.fullscreenElement) document.exitFullscreen();
    if (warning.open) warning.close();
  }

  function close() {
    if (covered()) return;
    if (!typed) {
      leave(`${signIn}?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    cover();
    ended.showModal();
    document.getElementById("idle-sign-in").focus();
  }

  function open(token) {
    for (const input of tokens()) input.value = token;
    document.documentElement.removeAttribute("data-covered");
    document.title = title;
    if (ended.open) ended.close();
  }

  function lost(found) {
    const gone = marks.filter((mark) => !found.marks.includes(mark));
    return gone.some((mark) => !typed || !FORM_STAYS.includes(mark[0]));
  }

  function learn(found) {
    if (found.seconds > 0 && found.who !== who) {
      leave(home);
      return;
    }
    if (found.seconds > 0 && lost(found)) {
      // Not reload(): what was sent by POST is not sent again.
      document.documentElement.setAttribute("data-covered", "");
      location.replace(location.pathname + location.search);
      return;
    }
    const later = Date.now() + found.seconds * ONE;
    if (later > end + ONE) answered = false;
    end = later;
    if (found.seconds <= 0) close();
    else if (covered()) open(found.token);
    else if (found.seconds > warned && warning.open) warning.close();
  }

  // Another tab may have made the session longer: the server is asked before anything is said or hidden.
  async function check(method = "GET") {
    if (asking) return;
    asking = true;
    try {
      learn(await ask(method));
    } catch {
      if (left() <= 0) close(); // Nobody can say that the session lasts, so the page is hidden.
    } finally {
      asking = false;
    }
  }

  async function stay() {
    answered = true;
    if (warning.open) warning.close();
    await check("POST");
  }

  let asked = Date.now();
  async function tick() {
    if (covered()) {
      if (Date.now() - asked > 5 * ONE && !document.hidden) {
        asked = Date.now();
        await check();
      }
    } else if (left() <= 0) {
      await check();
    } else if (left() <= warned && !answered) {
      if (!warning.open) await check();
      if (!covered() && left() <= warned && !answered) warn();
    } else if (Date.now() >= next && !document.hidden && !("watched" in document.documentElement.dataset)) {
      next = Date.now() + between();
      await check();
    }
  }

  document.addEventListener("input", () => { typed = true; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) check(); });
  window.addEventListener("focus", () => check());
  window.addEventListener("pageshow", (event) => { if (event.persisted) check(); });
  document.getElementById("idle-stay").addEventListener("click", stay);
  warning.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
  ended.addEventListener("cancel", (event) => event.preventDefault());
  ended.addEventListener("close", () => { if (covered()) ended.showModal(); });
  document.getElementById("idle-back").addEventListener("click", async () => {
    const note = document.getElementById("idle-not-yet");
    note.textContent = "";
    await check();
    if (covered()) note.textContent = document.getElementById("idle-back").dataset.notYet;
  });
  setInterval(tick, ONE / 2);
})();
