// The view in which a photo's result is corrected by hand. In scope: `element`, its own HTML;
// `props.value`, the photo's name and a picture of what is kept of it; `trigger`; `watch`.
// What was drawn lies in `window.strokes`, from where the page takes it at each `input`.

const NEARER = 0.004; // shares of a side: a point that is so near to the last one says nothing new
const COLOURS = { true: 'rgba(22, 163, 74, 0.6)', false: 'rgba(220, 38, 38, 0.6)' };

const canvas = element.querySelector('canvas');
const screen = canvas.getContext('2d');
const [undo, clear, brush] = ['undo', 'clear', 'width'].map((name) => element.querySelector('.strokes-' + name));

let photo = null; // that the strokes belong to
let picture = null;
let strokes = [];
let shown = 0; // so many of them are in the picture already
let stroke = null; // that is being drawn
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
  Object.assign(screen, { lineWidth: 2, strokeStyle: COLOURS[keeps()] });
  screen.beginPath();
  screen.arc(x * canvas.width, y * canvas.height, (widthOf() * Math.max(canvas.width, canvas.height)) / 2, 0, 7);
  screen.stroke();
}

function redraw() {
  if (!picture) return;
  screen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  strokes.slice(shown).forEach(paint);
  if (stroke) paint(stroke);
  if (pointer) ring(pointer);
  undo.disabled = clear.disabled = !strokes.length;
}

function tell() {
  window.strokes = { photo, strokes: [...strokes] };
  trigger('input');
  redraw();
}

function placeOf(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    .map((share) => Math.min(Math.max(share, 0), 1));
}

canvas.addEventListener('pointerdown', (event) => {
  if (!picture || event.button) return;
  canvas.setPointerCapture(event.pointerId);
  stroke = { points: [placeOf(event)], width: widthOf(), keeps: keeps() };
  redraw();
});

canvas.addEventListener('pointermove', (event) => {
  pointer = placeOf(event);
  const last = stroke?.points.at(-1);
  if (last && Math.hypot(pointer[0] - last[0], pointer[1] - last[1]) >= NEARER) stroke.points.push(pointer);
  redraw();
});

canvas.addEventListener('pointerleave', () => {
  pointer = null;
  redraw();
});

canvas.addEventListener('pointerup', () => {
  if (!stroke) return;
  strokes.push(stroke);
  stroke = null;
  tell();
});

canvas.addEventListener('pointercancel', () => {
  stroke = null;
  redraw();
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
  const { photo: name, picture: source, count } = props.value ?? {};
  if (!source) {
    picture = stroke = null;
    screen.clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  const coming = new Image();
  coming.src = source;
  await coming.decode();
  if (props.value?.picture !== source) return; // a newer one came meanwhile
  if (name !== photo) {
    // Of a photo that was there before, what was drawn on it last still counts.
    const before = window.strokes?.photo === name ? [...window.strokes.strokes] : [];
    [photo, strokes, stroke] = [name, before, null];
  }
  shown = canvas.dataset.count = Math.min(count, strokes.length);
  picture = coming;
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.style.setProperty('--shape', canvas.width / canvas.height);
  redraw();
}

watch('value', show);
show();
