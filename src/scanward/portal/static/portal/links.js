// Small helps for links; without scripts the pages still work by hand.
// The code stands behind the #, which no browser sends: it is put into the form and taken out of the address.
const code = document.getElementById("code");
const KEPT = "link-code";
const kept = sessionStorage.getItem(KEPT);
sessionStorage.removeItem(KEPT);

function fromAddress() {
  if (location.hash.length < 2) return false;
  code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.getElementById("visitor").focus();
  return true;
}

if (code) {
  // After a slip with the passcode the code is still there: in this tab, until the link is open.
  if (!fromAddress() && kept && code.dataset.again !== undefined) {
    code.value = kept;
    document.getElementById("passcode").focus();
  }
  addEventListener("hashchange", fromAddress);
  code.form.addEventListener("submit", () => sessionStorage.setItem(KEPT, code.value));
}

const address = document.getElementById("address");
const button = document.getElementById("copy-link");
if (address && button && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    address.select();
    await navigator.clipboard.writeText(address.value);
  });
}
