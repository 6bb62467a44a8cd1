// Asks, while a page with somebody's record is in sight, whether it may still be shown. If not, it hides the page and
// loads it again: the server says in words what has ended (A3, K1, I10).
"use strict";

(() => {
  // Under five seconds with the answer's way; never all pages at once.
  const between = () => 3400 + Math.random() * 800;
  const OVER = [401, 403, 404, 410];
  const { address } = document.currentScript.dataset;
  let asking = false;

  async function ask() {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(address, { method: "HEAD", redirect: "manual", cache: "no-store", credentials: "same-origin" });
      // A redirect can only lead to the sign-in page.
      if (answer.type === "opaqueredirect" || OVER.includes(answer.status)) {
        document.documentElement.setAttribute("data-covered", "");
        location.reload();
      }
    } catch {
      // No network: there is nothing new to say, and the next picture needs the network, too.
    } finally {
      asking = false;
    }
  }

  async function again() {
    await ask();
    setTimeout(again, between());
  }

  document.documentElement.dataset.watched = "";
  setTimeout(again, between());
  document.addEventListener("visibilitychange", ask);
})();
