"use strict";
// A map on a canvas, and beside it, as plain elements, all that can be read off it: search, neighbours, clusters.
const data = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);
const canvas = element("map"), pen = canvas.getContext("2d");
const folded = data.words.map(fold);
const view = { zoom: 1, x: 0.5, y: 0.5 }; // the middle of what is seen, in the places of the data
let chosen = -1, alone = -1, option = -1, options = [], colours = {};

function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toUpperCase().toLowerCase(); // ß becomes ss on the way
}

// The map

const extent = [0, 1].map((axis) => Math.max(...data.places.map((place) => place[axis])) || 1);
function scale() { // so that at zoom 1 the whole map is seen, with room for labels
  const wide = canvas.clientWidth - Math.min(110, canvas.clientWidth * 0.16), high = canvas.clientHeight - 50;
  return Math.min(wide / extent[0], high / extent[1]) * view.zoom;
}
function placeOf(word) { // in pixels of the page, from the corner of the canvas
  const [x, y] = data.places[word];
  return [canvas.clientWidth / 2 + (x - view.x) * scale(), canvas.clientHeight / 2 + (y - view.y) * scale()];
}
canvas.placeOf = placeOf;

function draw() {
  const width = canvas.clientWidth, height = canvas.clientHeight, ratio = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.textBaseline = "middle";
  const near = chosen < 0 ? [] : data.neighbours[chosen];
  const marked = new Set(chosen < 0 ? [] : [chosen, ...near]);
  const faded = (word) => !marked.has(word) && (alone >= 0 ? data.clusters[word] !== alone : marked.size > 0);
  drawLines(near);
  const seen = [];
  for (let word = 0; word < data.words.length; word++) {
    const [x, y] = placeOf(word);
    if (x < -80 || y < -20 || x > width + 20 || y > height + 20) continue;
    seen.push([word, x, y]);
    pen.globalAlpha = faded(word) ? 0.3 : 1;
    pen.fillStyle = colours[data.clusters[word]];
    pen.beginPath();
    pen.arc(x, y, word === chosen ? 7 : marked.has(word) ? 5 : 3, 0, 2 * Math.PI);
    pen.fill();
  }
  const first = (word) => (word === chosen ? 0 : marked.has(word) ? 1 : faded(word) ? 3 : 2);
  seen.sort((a, b) => first(a[0]) - first(b[0]) || a[0] - b[0]);
  drawLabels(seen, { faded, marked });
}

function drawLines(near) {
  if (chosen < 0) return;
  const [x, y] = placeOf(chosen);
  pen.strokeStyle = colours.accent;
  near.forEach((word, rank) => {
    pen.globalAlpha = Math.max(0.15, data.cosines[chosen][rank]);
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(...placeOf(word));
    pen.stroke();
  });
  pen.globalAlpha = 1;
}

function drawLabels(seen, { faded, marked }) { // those that find room, the first in the list before the others
  const taken = [];
  for (const [word, x, y] of seen) {
    const strong = marked.has(word), size = word === chosen ? 17 : strong ? 15 : 13;
    pen.font = `${strong ? "600 " : ""}${size}px system-ui, sans-serif`;
    const text = data.words[word].length > 28 ? data.words[word].slice(0, 27) + "…" : data.words[word];
    const wide = pen.measureText(text).width;
    const corners = [[x + 9, y], [x - wide - 9, y], [x - wide / 2, y - size], [x - wide / 2, y + size]];
    const free = corners.find(([left, middle]) => {
      const box = [left - 2, middle - size * 0.6, left + wide + 2, middle + size * 0.6];
      if (box[0] < 0 || box[2] > canvas.clientWidth || box[1] < 0 || box[3] > canvas.clientHeight) return false;
      if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return false;
      taken.push(box);
      return true;
    });
    if (!free) continue;
    pen.globalAlpha = faded(word) ? 0.35 : 1;
    pen.lineWidth = 3;
    pen.strokeStyle = colours.back;
    pen.strokeText(text, ...free);
    pen.fillStyle = strong ? colours.ink : colours[data.clusters[word]];
    pen.fillText(text, ...free);
    if (taken.length > 400) break;
  }
  pen.globalAlpha = 1;
}

function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["back", "ink", "accent"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
  for (let cluster = 0; cluster < 12; cluster++) colours[cluster] = style.getPropertyValue(`--c${cluster}`).trim();
  draw();
}

function zoom(factor, [px, py] = [canvas.clientWidth / 2, canvas.clientHeight / 2]) { // what is at the point stays there
  const before = scale();
  view.zoom = Math.min(40, Math.max(0.8, view.zoom * factor));
  const shift = 1 / before - 1 / scale();
  view.x += (px - canvas.clientWidth / 2) * shift;
  view.y += (py - canvas.clientHeight / 2) * shift;
  draw();
}
function wholeMap() {
  Object.assign(view, { zoom: 1, x: extent[0] / 2, y: extent[1] / 2 });
  draw();
}
function bringIntoSight(word) {
  const [x, y] = placeOf(word), edge = 40;
  if (x < edge || y < edge || x > canvas.clientWidth - edge || y > canvas.clientHeight - edge) {
    [view.x, view.y] = data.places[word];
  }
}

function wordAt(px, py, reach) {
  let best = -1, least = reach;
  for (let word = 0; word < data.words.length; word++) {
    const [x, y] = placeOf(word), away = Math.hypot(x - px, y - py);
    if (away < least) [best, least] = [word, away];
  }
  return best;
}
function wordTowards(dx, dy) { // the nearest in a direction, those that lie aside counting as further
  if (chosen < 0) return wordAt(canvas.clientWidth / 2, canvas.clientHeight / 2, Infinity);
  const [fromX, fromY] = placeOf(chosen);
  let best = chosen, least = Infinity;
  for (let word = 0; word < data.words.length; word++) {
    const [x, y] = placeOf(word), along = (x - fromX) * dx + (y - fromY) * dy;
    const aside = Math.abs((x - fromX) * dy) + Math.abs((y - fromY) * dx);
    if (word !== chosen && along > 0 && along >= aside && along + 2 * aside < least) [best, least] = [word, along + 2 * aside];
  }
  return best;
}

let held = null;
canvas.addEventListener("pointerdown", (event) => {
  held = { x: event.offsetX, y: event.offsetY, moved: false, touch: event.pointerType !== "mouse" };
});
canvas.addEventListener("pointermove", (event) => {
  if (!held) return;
  const dx = event.offsetX - held.x, dy = event.offsetY - held.y;
  if (!held.moved && Math.hypot(dx, dy) < 6) return;
  if (!held.moved) canvas.setPointerCapture(event.pointerId);
  Object.assign(held, { moved: true, x: event.offsetX, y: event.offsetY });
  view.x -= dx / scale();
  view.y -= dy / scale();
  draw();
});
canvas.addEventListener("pointerup", (event) => {
  if (held && !held.moved) choose(wordAt(event.offsetX, event.offsetY, held.touch ? 40 : 24));
  held = null;
});
canvas.addEventListener("pointercancel", () => { held = null; });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 300), [event.offsetX, event.offsetY]);
}, { passive: false });
canvas.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key in steps) choose(wordTowards(...steps[event.key]));
  else if (event.key === "+" || event.key === "=") zoom(1.4);
  else if (event.key === "-") zoom(1 / 1.4);
  else if (event.key === "0") wholeMap();
  else if (event.key === "Escape") choose(-1);
  else if (event.key === "Enter" && chosen >= 0) element("neighbours").querySelector("button").focus();
  else return;
  event.preventDefault();
});
element("zoom-in").addEventListener("click", () => zoom(1.4));
element("zoom-out").addEventListener("click", () => zoom(1 / 1.4));
element("reset").addEventListener("click", wholeMap);

// The chosen word and its neighbours

function make(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
function dot(cluster) {
  const made = make("span", "dot");
  made.style.background = `var(--c${cluster})`;
  return made;
}
function listed(name, before, after, act) { // a button in an entry of a list
  const entry = make("li"), button = make("button");
  button.type = "button";
  button.append(...before, make("span", "name", name), ...after);
  button.addEventListener("click", act);
  entry.append(button);
  return entry;
}

function choose(word) {
  chosen = word;
  const heading = element("word"), list = element("neighbours");
  list.replaceChildren();
  if (word < 0) {
    heading.textContent = "No word chosen";
    element("of-cluster").textContent = "Choose one on the map, or find it above.";
    return draw();
  }
  const cluster = data.clusters[word];
  heading.textContent = data.words[word];
  element("of-cluster").replaceChildren(dot(cluster), ` cluster of ${data.clusterNames[cluster]}`);
  data.neighbours[word].forEach((other, rank) => {
    const cosine = data.cosines[word][rank], bar = make("span", "bar"), filled = make("i");
    filled.style.width = `${Math.max(0, cosine) * 100}%`;
    bar.append(filled);
    bar.setAttribute("aria-hidden", "true");
    const follow = () => {
      choose(other);
      heading.focus();
    };
    list.append(listed(data.words[other], [dot(data.clusters[other])], [bar, make("span", "number", cosine.toFixed(2))], follow));
  });
  const told = data.neighbours[word].slice(0, 3).map((other) => data.words[other]).join(", ");
  element("said").textContent = `${data.words[word]}, nearest: ${told}`;
  bringIntoSight(word);
  draw();
}

// Search

const input = element("search"), found = element("found");
function search() {
  const wanted = fold(input.value.trim()), most = 12;
  const begins = [], holds = [];
  for (let word = 0; wanted && word < folded.length && begins.length < most; word++) {
    if (folded[word].startsWith(wanted)) begins.push(word);
    else if (holds.length < most && folded[word].includes(wanted)) holds.push(word);
  }
  options = [...begins, ...holds].slice(0, most);
  found.replaceChildren(...options.map((word, place) => {
    const entry = make("li", "", data.words[word]);
    entry.id = `found-${place}`;
    entry.setAttribute("role", "option");
    entry.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      take(place);
    });
    return entry;
  }));
  point(options.length ? 0 : -1);
  show(options.length > 0);
  element("found-none").textContent = wanted && !options.length ? "No such word in the list." : "";
}
function show(open) {
  found.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
}
function point(place) {
  option = place;
  [...found.children].forEach((entry, index) => entry.setAttribute("aria-selected", String(index === place)));
  if (place < 0) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", `found-${place}`);
  found.children[place].scrollIntoView({ block: "nearest" });
}
function take(place) {
  show(false);
  input.value = data.words[options[place]];
  choose(options[place]);
}
input.addEventListener("input", search);
input.addEventListener("blur", () => show(false));
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" && found.hidden) search();
  else if (event.key === "ArrowDown" && options.length) point((option + 1) % options.length);
  else if (event.key === "ArrowUp" && options.length) point((option + options.length - 1) % options.length);
  else if (event.key === "Enter" && !found.hidden && option >= 0) take(option);
  else if (event.key === "Escape") show(false);
  else return;
  event.preventDefault();
});

// Clusters

data.clusterNames.forEach((name, cluster) => {
  const size = data.clusters.filter((each) => each === cluster).length;
  const entry = listed(name, [dot(cluster)], [make("span", "number", String(size))], () => {
    alone = alone === cluster ? -1 : cluster;
    [...element("clusters").querySelectorAll("button")].forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === alone));
    });
    draw();
  });
  entry.firstChild.setAttribute("aria-pressed", "false");
  element("clusters").append(entry);
});

new ResizeObserver(draw).observe(canvas);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColours);
readColours();
wholeMap();
