"use strict";
// Boxes drawn on pictures, kept in the form's numbers, which work without this file too.
const rows = document.getElementById("rows");
if (rows) {
  const SIDES = ["top", "left", "bottom", "right"];
  const template = document.getElementById("row");
  const NS = "http://www.w3.org/2000/svg";
  const field = (row, name) => row.querySelector(`[name=${name}]`);
  const values = (row) => SIDES.map((name) => parseInt(field(row, name).value, 10));
  const whole = (row) => values(row).every((n) => Number.isInteger(n));

  function show() {
    for (const old of document.querySelectorAll("rect.new")) old.remove();
    for (const row of rows.children) {
      const picture = document.querySelector(`svg[data-picture="${field(row, "picture").value}"]`);
      const [top, left, bottom, right] = values(row);
      if (!picture || !whole(row) || bottom <= top || right <= left) continue;
      const box = document.createElementNS(NS, "rect");
      const at = { class: "new", x: left, y: top, width: right - left, height: bottom - top };
      for (const [name, value] of Object.entries(at)) box.setAttribute(name, value);
      picture.append(box);
    }
  }

  function add() {
    const row = template.content.firstElementChild.cloneNode(true);
    rows.append(row);
    dress(row);
    return row;
  }

  function dress(row) {
    const less = row.querySelector(".less");
    less.hidden = false;
    less.addEventListener("click", () => {
      row.remove();
      document.getElementById("more").focus();
      show();
    });
    row.addEventListener("input", show);
  }

  function drawing(picture) {
    let start = null, row = null;
    const at = (event) => {
      const place = picture.getBoundingClientRect(), size = picture.viewBox.baseVal;
      const x = ((event.clientX - place.left) / place.width) * size.width;
      const y = ((event.clientY - place.top) / place.height) * size.height;
      return [Math.min(Math.max(Math.round(x), 0), size.width), Math.min(Math.max(Math.round(y), 0), size.height)];
    };
    picture.addEventListener("pointerdown", (event) => {
      start = at(event);
      picture.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    picture.addEventListener("pointermove", (event) => {
      if (!start) return;
      const [x, y] = at(event);
      row = row || [...rows.children].find((one) => SIDES.every((name) => !field(one, name).value)) || add();
      field(row, "picture").value = picture.dataset.picture;
      const sides = [Math.min(y, start[1]), Math.min(x, start[0]), Math.max(y, start[1]), Math.max(x, start[0])];
      SIDES.forEach((name, n) => { field(row, name).value = sides[n]; });
      const choice = document.querySelector("[name=decision][value=redact]");
      if (choice) choice.checked = true;
      show();
    });
    picture.addEventListener("pointerup", () => { start = row = null; });
  }

  const more = document.getElementById("more");
  more.hidden = false;
  more.addEventListener("click", () => field(add(), "picture").focus());
  for (const row of rows.children) dress(row);
  for (const picture of document.querySelectorAll("svg[data-picture]")) drawing(picture);
  show();
}
