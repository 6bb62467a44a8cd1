// Says on the page what allauth's passkey script only writes into the console.
"use strict";

document.addEventListener("allauth.error", () => {
  const note = document.getElementById("passkey-error");
  if (note) {
    note.hidden = false;
    note.scrollIntoView({ block: "nearest" });
  }
});
