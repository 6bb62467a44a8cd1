// Checks a copy against its signed list, in the browser; nothing is sent (docs/reference/manifest.md).

const MANIFEST = "manifest.json";
const SIGNATURE = "manifest.json.sig";
// What operating systems leave in folders; they are not part of any copy.
const DROPPINGS = /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini)$|^__MACOSX\//;

const place = document.getElementById("check");
const words = Object.fromEntries(
  [...document.getElementById("words").content.querySelectorAll("[data-word]")].map((p) => [p.dataset.word, p.textContent]),
);
const result = document.getElementById("result");

class Unreadable extends Error {}

const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const text = (bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
const bytesOf = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));

/** Path -> Blob for each file of a stored ZIP, as all of ours are; read from its directory, so any size will do. */
async function filesOfZip(zip) {
  const tailStart = Math.max(0, zip.size - 66000);
  const tail = new DataView(await zip.slice(tailStart).arrayBuffer());
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end -= 1;
  if (end < 0) throw new Unreadable();
  let [count, size, start] = [tail.getUint16(end + 10, true), tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  const locator = end - 20;
  if (locator >= 0 && tail.getUint32(locator, true) === 0x07064b50) {
    const at = Number(tail.getBigUint64(locator + 8, true));
    const record = new DataView(await zip.slice(at, at + 56).arrayBuffer());
    [count, size, start] = [32, 40, 48].map((offset) => Number(record.getBigUint64(offset, true)));
  }
  const directory = new DataView(await zip.slice(start, start + size).arrayBuffer());
  const files = new Map();
  for (let at = 0, n = 0; n < count; n += 1) {
    const entry = readEntry(directory, at);
    if (files.has(entry.name)) throw new Unreadable();
    files.set(entry.name, await contents(zip, entry));
    at = entry.next;
  }
  return files;
}

function readEntry(view, at) {
  if (view.getUint32(at, true) !== 0x02014b50 || view.getUint16(at + 10, true) !== 0) throw new Unreadable();
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const name = text(new Uint8Array(view.buffer, at + 46, nameLength));
  let [size, start] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
  const extraEnd = at + 46 + nameLength + extraLength;
  for (let extra = at + 46 + nameLength; extra + 4 <= extraEnd; extra += 4 + view.getUint16(extra + 2, true)) {
    if (view.getUint16(extra, true) !== 1) continue;
    let value = extra + 4;
    if (size === 0xffffffff) { size = Number(view.getBigUint64(value, true)); value += 16; }
    if (start === 0xffffffff) start = Number(view.getBigUint64(value, true));
  }
  return { name, size, start, next: extraEnd + commentLength };
}

async function contents(zip, { size, start }) {
  const local = new DataView(await zip.slice(start, start + 30).arrayBuffer());
  if (local.getUint32(0, true) !== 0x04034b50) throw new Unreadable();
  const begin = start + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  return zip.slice(begin, begin + size);
}

/** Path -> File, with the folder in front taken off that the person unpacked into. */
function filesOfFolder(list) {
  const all = [...list].map((file) => [file.webkitRelativePath || file.name, file]);
  const manifest = all.map(([path]) => path).filter((path) => path.split("/").pop() === MANIFEST).sort((a, b) => a.length - b.length)[0];
  const front = manifest ? manifest.slice(0, -MANIFEST.length) : "";
  return new Map(all.filter(([path]) => path.startsWith(front)).map(([path, file]) => [path.slice(front.length), file]));
}

/** The seal first; only a good one makes the list worth reading. */
async function verdictOf(files, publicKey, progress) {
  if (!files.has(MANIFEST) || !files.has(SIGNATURE)) return { seal: "nolist" };
  const manifest = await files.get(MANIFEST).arrayBuffer();
  const seal = JSON.parse(text(await files.get(SIGNATURE).arrayBuffer()));
  if (seal.key !== (await sha256(publicKey)).slice(0, 32)) return { seal: "unsigned" };
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  const signature = Uint8Array.from(atob(seal.signature), (letter) => letter.charCodeAt(0));
  if (!(await crypto.subtle.verify("Ed25519", key, signature, manifest))) return { seal: "unsigned" };
  const { files: lines, created } = JSON.parse(text(manifest));
  const verdict = { seal: "good", created, total: lines.length, altered: [], missing: [], extra: [] };
  const listed = new Set([MANIFEST, SIGNATURE]);
  for (const [done, line] of lines.entries()) {
    listed.add(line.path);
    const file = files.get(line.path);
    if (!file) verdict.missing.push(line.path);
    else if (file.size !== line.size || (await sha256(await file.arrayBuffer())) !== line.sha256) verdict.altered.push(line.path);
    progress(done + 1, lines.length);
  }
  verdict.extra = [...files.keys()].filter((path) => !listed.has(path) && !DROPPINGS.test(path));
  return verdict;
}

function say(kind, ...lines) {
  const note = document.createElement("div");
  note.className = `note ${kind}`;
  for (const line of lines) note.append(Object.assign(document.createElement("p"), { textContent: line }));
  result.replaceChildren(note);
  place.dataset.verdict = kind;
  return note;
}

function show(verdict) {
  if (verdict.seal !== "good") return void say("bad", words[verdict.seal]);
  const date = new Date(verdict.created).toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
  const count = words.count.replace("{total}", verdict.total).replace("{date}", date);
  const wrong = ["altered", "missing", "extra"].filter((name) => verdict[name].length > 0);
  if (wrong.length === 0) return void say("good", words.intact, count);
  const note = say("bad", words.changed, count);
  for (const name of wrong) {
    const list = document.createElement("ul");
    list.append(...verdict[name].map((path) => Object.assign(document.createElement("li"), { textContent: path })));
    note.append(Object.assign(document.createElement("h3"), { textContent: words[name] }), list);
  }
}

function progress(done, total) {
  document.getElementById("progress").hidden = done === total;
  document.getElementById("bar").value = done / total;
  // A live region that speaks at every file would never be silent.
  if (done % 50 === 1 || done === total) {
    document.getElementById("progress-text").textContent = words.checking.replace("{done}", done).replace("{total}", total);
  }
}

async function check(list) {
  const files = [...list];
  if (files.length === 0) return;
  result.replaceChildren();
  delete place.dataset.verdict;
  try {
    const zipped = files.length === 1 && /\.zip$/i.test(files[0].name);
    show(await verdictOf(zipped ? await filesOfZip(files[0]) : filesOfFolder(files), bytesOf(place.dataset.key), progress));
  } catch (error) {
    say("bad", error instanceof DOMException && error.name === "NotSupportedError" ? words.old : words.unreadable);
  } finally {
    document.getElementById("progress").hidden = true;
  }
}

for (const id of ["zip", "folder"]) {
  const input = document.getElementById(id);
  input.addEventListener("change", () => void check(input.files).then(() => (input.value = "")));
}
const drop = document.getElementById("drop");
drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  void check(event.dataTransfer.files);
});
