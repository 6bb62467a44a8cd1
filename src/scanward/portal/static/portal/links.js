// Two small helps for links; without scripts both pages still work by hand.
// The code stands behind the #, which no browser sends: it is put into the form and taken out of the address.
const code = document.getElementById("code");
if (code && location.hash.length > 1) {
  code.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.getElementById("visitor").focus();
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
