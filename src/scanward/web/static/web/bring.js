// Shows how far the sending is, and says before the sending what is too large. Without scripts the form works by itself.
const form = document.getElementById("bring");
const still = document.getElementById("still-going");
if (form) form.addEventListener("submit", send);
if (still) setTimeout(() => location.reload(), 4000);

function send(event) {
  const total = [...form.querySelectorAll("input[type=file]")]
    .flatMap((input) => [...input.files])
    .reduce((sum, file) => sum + file.size, 0);
  if (!total) return;
  event.preventDefault();
  if (total > Number(form.dataset.most)) {
    show("too-large");
    return;
  }
  const bar = form.querySelector("progress");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => {
    bar.value = step.total ? step.loaded / step.total : 0;
    if (step.loaded === step.total) show("looking");
  });
  request.addEventListener("load", () => finish(request));
  request.addEventListener("error", () => stop());
  request.open("POST", form.action);
  request.send(new FormData(form));
  form.querySelector("button[type=submit]").disabled = true;
  bar.hidden = false;
  show("sending");
}

function finish(request) {
  if (request.status < 400 && request.responseURL) {
    location.assign(request.responseURL);
    return;
  }
  const answer = new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main");
  if (!answer) {
    stop();
    return;
  }
  const main = document.querySelector("main");
  main.replaceWith(answer);
  answer.focus();
}

function stop() {
  form.querySelector("button[type=submit]").disabled = false;
  form.querySelector("progress").hidden = true;
  show("broken");
}

// Each sentence stands on the page, in the reader's language; one at a time is shown.
function show(name) {
  const words = form.querySelector(`template[data-for="${name}"]`);
  form.querySelector("[role=status]").textContent = words.content.textContent.trim();
}
