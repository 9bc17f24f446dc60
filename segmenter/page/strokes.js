// The view in which a photo's result is corrected by hand. In scope: `element`, its own HTML;
// `props.value`, the photo's name and a picture of what is kept of it; `trigger`; `watch`.
// What was drawn lies in `window.strokes`, from where the page takes it at each `input`. An answer
// says by a number which of these it is to: meanwhile strokes may have come and gone.

const NEARER = 0.004; // shares of a side: a point that is so near to the last one says nothing new
const FAR_OUT = [-1, 2]; // in such shares, how far a stroke is followed out of the picture
const SHARPEST = 800; // pixels: a smaller picture is drawn larger, so that strokes on it are smooth
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const WORDS = {
  true: 'Draw over what should stay or go. What looks like it beside the stroke follows, up to its edges.',
  false: 'Add a photo first. Then draw here over what should stay or go.',
};
const COLOURS = { true: 'rgba(22, 163, 74, 0.6)', false: 'rgba(220, 38, 38, 0.6)' };
const SOLID = { true: 'rgb(22, 163, 74)', false: 'rgb(220, 38, 38)' };

const canvas = element.querySelector('canvas');
const screen = canvas.getContext('2d');
const [undo, clear, brush, say] = ['undo', 'clear', 'width', 'say'].map((name) => element.querySelector('.strokes-' + name));

let photo = null; // that the strokes belong to
let picture = null;
let strokes = [];
let shown = 0; // so many of them are in the picture already
let told = [[]]; // what was drawn, each time that the page was told
let stroke = null; // that is being drawn
let finger = null; // the pointer that draws it
let pointer = null; // where it is, while over the canvas

const keeps = () => element.querySelector('input[value=keep]').checked;
const widthOf = () => brush.value / 100;

function paint({ points, width, keeps }) {
  const [long, wide, tall] = [Math.max(canvas.width, canvas.height), canvas.width, canvas.height];
  Object.assign(screen, { lineWidth: width * long, lineCap: 'round', lineJoin: 'round', strokeStyle: COLOURS[keeps] });
  screen.beginPath();
  screen.moveTo(points[0][0] * wide, points[0][1] * tall);
  for (const [x, y] of points) screen.lineTo(x * wide, y * tall);
  screen.stroke();
}

function ring([x, y]) {
  const [fine, long] = [canvas.width / canvas.clientWidth, Math.max(canvas.width, canvas.height)];
  screen.beginPath();
  screen.arc(x * canvas.width, y * canvas.height, (widthOf() * long) / 2, 0, 7);
  for (const [lineWidth, strokeStyle] of [[4, 'white'], [2, SOLID[keeps()]]]) {
    Object.assign(screen, { lineWidth: lineWidth * fine, strokeStyle });
    screen.stroke();
  }
}

function redraw() {
  undo.disabled = clear.disabled = !picture || !strokes.length;
  if (say.textContent !== WORDS[!!picture]) say.textContent = WORDS[!!picture];
  if (!picture) return;
  screen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  strokes.slice(shown).forEach(paint);
  if (stroke) paint(stroke);
  if (pointer) ring(pointer);
}

function tell() {
  window.strokes = { photo, strokes: [...strokes], number: told.push([...strokes]) - 1 };
  trigger('input');
  redraw();
}

function placeOf(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    .map((share) => Math.min(Math.max(share, FAR_OUT[0]), FAR_OUT[1]));
}

canvas.addEventListener('pointerdown', (event) => {
  if (!picture || stroke || event.button) return;
  canvas.setPointerCapture((finger = event.pointerId));
  stroke = { points: [placeOf(event)], width: widthOf(), keeps: keeps() };
  redraw();
});

canvas.addEventListener('pointermove', (event) => {
  if (!canvas.clientWidth || (stroke && event.pointerId !== finger)) return; // out of sight, or another finger
  pointer = placeOf(event);
  const last = stroke?.points.at(-1);
  if (last && Math.hypot(pointer[0] - last[0], pointer[1] - last[1]) >= NEARER) stroke.points.push(pointer);
  redraw();
});

for (const kind of ['pointerleave', 'blur']) {
  canvas.addEventListener(kind, () => {
    pointer = null;
    redraw();
  });
}

canvas.addEventListener('pointerup', (event) => {
  if (!stroke || event.pointerId !== finger) return;
  strokes.push(stroke);
  stroke = null;
  tell();
});

canvas.addEventListener('pointercancel', (event) => {
  if (event.pointerId === finger) stroke = null;
  redraw();
});

// By keys: arrows move the brush, the space bar puts a dot, and Ctrl or Cmd with Z takes back.
canvas.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 'z') undo.click();
  const step = STEPS[event.key];
  if (!picture || stroke || (!step && event.key !== ' ')) return;
  event.preventDefault();
  const far = (widthOf() * Math.max(canvas.width, canvas.height)) / 2;
  const moved = (share, i) => share + (step[i] * far) / [canvas.width, canvas.height][i];
  pointer ??= [0.5, 0.5];
  if (step) pointer = pointer.map((share, i) => Math.min(Math.max(moved(share, i), 0), 1));
  else if (!event.repeat) strokes.push({ points: [pointer], width: widthOf(), keeps: keeps() });
  if (step || event.repeat) redraw();
  else tell();
});

undo.addEventListener('click', () => {
  strokes.pop();
  shown = Math.min(shown, strokes.length);
  tell();
});

clear.addEventListener('click', () => {
  strokes = [];
  shown = 0;
  tell();
});

async function show() {
  const { photo: name, picture: source, count, number } = props.value ?? {};
  if (!source) {
    picture = stroke = null;
    screen.clearRect(0, 0, canvas.width, canvas.height);
    redraw();
    return;
  }
  const coming = new Image();
  coming.src = source;
  await coming.decode();
  if (props.value?.picture !== source) return; // a newer one came meanwhile
  if (name !== photo) [photo, strokes, stroke] = [name, drawnOn(name), null];
  const answered = told[number] ?? [];
  shown = strokes.findIndex((each, i) => each !== answered[i]);
  if (shown < 0) shown = strokes.length;
  canvas.dataset.count = count;
  picture = coming;
  const sides = [picture.naturalWidth, picture.naturalHeight];
  const scale = Math.max(1, SHARPEST / Math.max(...sides));
  [canvas.width, canvas.height] = sides.map((side) => Math.max(1, Math.round(side * scale)));
  canvas.style.setProperty('--shape', canvas.width / canvas.height);
  redraw();
}

// What the page still counts in where a photo comes back.
function drawnOn(name) {
  return window.strokes?.photo === name ? [...window.strokes.strokes] : [];
}

watch('value', show);
show();
