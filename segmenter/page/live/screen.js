// The browser half of the live tab: camera -> JPEG -> socket -> canvas. Its parts share one scope:
// screen, camera, settings, pace, connection, and at last live, which starts and stops them all.
// In scope too: `element`, the tab's own HTML; `props.value`, the settings as JSON, in which an own
// background is missing; `props.own`, that background, or what is wrong with it, as JSON;
// `props.largest_pixels`, of a frame that the server takes; `watch`.

// The screen: all that can be seen. Its pictures come from the server and never from the camera.

const find = (name) => element.querySelector('.live-' + name);
const canvas = element.querySelector('canvas');
const screen = canvas.getContext('2d');
const [startButton, cameraList, sizeList, mirror] = ['start', 'camera', 'size', 'mirror'].map(find);

let stalled = false; // and the page said so

function say(words, trouble = false) {
  find('say').textContent = words;
  find('say').classList.toggle('live-trouble', trouble);
}

function sayState() {
  stalled = false;
  const trouble = settingsTrouble ?? warning;
  say(trouble ?? 'The camera is on.', Boolean(trouble));
}

function greyCard(words) {
  screen.fillStyle = '#80858c';
  screen.fillRect(0, 0, canvas.width, canvas.height);
  screen.fillStyle = '#fff';
  screen.textAlign = 'center';
  screen.font = Math.round(canvas.width / 28) + 'px system-ui, sans-serif';
  screen.fillText(words, canvas.width / 2, canvas.height / 2, canvas.width * 0.9);
}

function standStill(card, words) {
  stalled = true;
  greyCard(card);
  say(words, true);
}

function sayNoPictures() {
  standStill('Waiting for the camera…', 'The camera gives no pictures at the moment.');
}

function resize(width, height) {
  if (canvas.width === width && canvas.height === height) return;
  [canvas.width, canvas.height] = [width, height];
  canvas.style.setProperty('--shape', width / height);
}

function setButton(isOn) {
  startButton.textContent = isOn ? 'Stop camera' : 'Start camera';
  startButton.classList.toggle('live-on', isOn);
}
