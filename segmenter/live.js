// The browser half of the live tab: camera -> JPEG -> socket -> canvas. The camera's own picture is
// only ever drawn into `outbox`, which is not part of the page: what can be seen comes from the server.
// In scope: `element`, the tab's own HTML; `props.value`, the settings as JSON; `props.largest_pixels`,
// of a frame that the server takes; `watch`.

const IN_FLIGHT = 3; // two are worked on at the server while one travels
const POLL_MS = 4; // until what was sent has left the browser
const STALL_MS = 4000;
const HIDDEN_MS = 20000;
const IDLE = 4408; // how the server ends a connection on which nothing came for long
const RETRY_MS = [1500, 3000, 6000, 12000]; // before each try to connect again
// What is sent when the machine is behind, from best to least: share of each side, quality.
const DETAIL = [[1, 0.8], [1, 0.6], [0.75, 0.6], [0.5, 0.6]];
const [SLOW_MS, QUICK_MS] = [120, 60]; // round trips: from here on less, and more, is sent
const STARTING_MS = 4000; // while sessions are made and memory is cold, which says nothing of later
const FORGIVEN_MS = 20000; // before more is tried again
const CAMERA_TROUBLE = {
  NotAllowedError: 'The camera was not allowed. Allow it beside the address of this page, then press Start.',
  NotFoundError: 'No camera was found. Connect one, then press Start.',
  NotReadableError: 'The camera is busy. Close the other program that uses it, then press Start.',
  AbortError: 'The camera stopped by itself. Press Start to try again.',
};

const find = (name) => element.querySelector('.live-' + name);
const canvas = element.querySelector('canvas');
const screen = canvas.getContext('2d');
const outbox = document.createElement('canvas');
const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
const [startButton, cameraList, sizeList, mirror] = ['start', 'camera', 'size', 'mirror'].map(find);

let stream = null; // of the camera; null while stopped
let socket = null;
let run = 0; // grows with every start and stop: what belongs to an earlier one is dropped
let tries = 0; // to connect again
let fresh = false; // the camera has a picture that was not sent
let frameAt = 0; // when it came
let [encoding, polling] = [false, false];
let hiddenSince = 0;
let asleep = false; // stopped because nobody looked: goes on as soon as somebody does
let resting = false; // the server sent a silent camera away: its next picture connects again
let away = false; // the camera faces away from who uses it
let [status, warning] = [null, null]; // the server's last
let [settings, settingsTrouble] = [{}, null]; // the last good ones, and what is wrong with newer ones
let ownBackground = null; // the server deletes its file after a while
let stalled = false; // and the page said so
let [sent, answered, drawn] = [0, 0, 0];
let waitingSince = 0; // for the server
let sentAt = new Map(); // number -> milliseconds
let drawnAt = [];
let roundTrips = [];
let openedAt = 0; // the connection
let [detail, lowered] = [0, 0]; // index into DETAIL, and when it last got worse

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

// The camera's size, made smaller to what the server takes and to a share of that.
function frameSize(share = 1) {
  const [width, height] = [video.videoWidth || 640, video.videoHeight || 480];
  const scale = share * Math.min(1, Math.sqrt(props.largest_pixels / (width * height)));
  return [width, height].map((side) => Math.floor(side * scale));
}

function resize(width, height) {
  if (canvas.width === width && canvas.height === height) return;
  [canvas.width, canvas.height] = [width, height];
  canvas.style.setProperty('--shape', width / height);
}

function socketAddress() {
  // Gradio knows the prefix that a proxy puts before its pages; the scheme and host are this page's.
  const root = new URL(window.gradio_config?.root ?? document.baseURI, document.baseURI);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return scheme + '//' + location.host + root.pathname.replace(/\/+$/, '') + '/live';
}

function takeSettings() {
  let { trouble, ...taken } = JSON.parse(props.value || '{}');
  if (taken.background === null && ownBackground) [taken.background, trouble] = [ownBackground, null];
  else if (!taken.background || taken.background.startsWith('data:')) ownBackground = taken.background;
  if (trouble || settingsTrouble) {
    settingsTrouble = trouble ?? null;
    if (stream) sayState();
    else say(trouble ?? 'The camera is off.', Boolean(trouble));
  }
  if (trouble) return; // the last good ones stay
  settings = taken;
  sendSettings();
}

// Lengths are in pixels of the whole picture, of which less is sent when the machine is behind.
function scaledSettings() {
  const share = DETAIL[detail][0];
  const options = { ...settings.options };
  for (const name of ['feather_px', 'shift_px']) options[name] = share * (options[name] ?? 0);
  const smaller = (_, radius) => 'blur:' + Math.max(1, Math.round(share * radius));
  const background = settings.background?.replace(/^blur:(\d+)$/, smaller);
  return { ...settings, background, options };
}

function sendSettings() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ ...scaledSettings(), width: canvas.width, height: canvas.height }));
}

// One's own face is seen as in a mirror, what lies before a camera that faces away is not. Between
// cameras of one direction the visitor's own choice stays.
function turn(facing) {
  const isAway = facing === 'environment';
  if (isAway !== away) mirror.checked = !isAway;
  away = isAway;
}

function setButton(isOn) {
  startButton.textContent = isOn ? 'Stop camera' : 'Start camera';
  startButton.classList.toggle('live-on', isOn);
}

function wantedCamera() {
  const [width, height] = sizeList.value.split('x').map(Number);
  const video = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: 30 } };
  const chosen = cameraList.value;
  if (chosen === 'user' || chosen === 'environment') video.facingMode = { ideal: chosen };
  else if (chosen) video.deviceId = { ideal: chosen };
  return { video, audio: false };
}

async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const cameras = devices.filter((device) => device.kind === 'videoinput' && device.deviceId);
  const hand = matchMedia('(pointer: coarse)').matches;
  const choices = hand ? [['user', 'Front'], ['environment', 'Back']] : [['', 'Default']];
  cameras.forEach((camera, i) => choices.push([camera.deviceId, camera.label || 'Camera ' + (i + 1)]));
  const before = cameraList.value;
  cameraList.replaceChildren(...choices.map(([value, label]) => new Option(label, value)));
  if (choices.some(([value]) => value === before)) cameraList.value = before;
}

async function start() {
  stop('Asking for the camera…');
  const mine = run;
  if (!navigator.mediaDevices?.getUserMedia) {
    say('This browser gives this page no camera. Open the page over https or on localhost; inside another page, the camera has to be allowed there.', true);
    return;
  }
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia(wantedCamera());
  } catch (error) {
    if (mine === run) say(CAMERA_TROUBLE[error.name] ?? 'The camera could not be opened (' + error.name + ').', true);
    return;
  }
  if (mine !== run) return opened.getTracks().forEach((track) => track.stop());
  stream = opened;
  frameAt = performance.now();
  const [track] = stream.getVideoTracks();
  track.onended = () => mine === run && stop('The camera was switched off.', true);
  turn(track.getSettings().facingMode ?? cameraList.value); // a camera chosen by its name, too
  setButton(true);
  video.srcObject = stream;
  await video.play().catch(() => {});
  listCameras();
  if (mine !== run) return;
  resize(...frameSize());
  greyCard('Starting…');
  tries = 0;
  [detail, lowered] = [0, 0];
  connect(mine);
  eachFrame(mine);
}

function stop(words = 'Stopped. The camera is off.', trouble = false) {
  run += 1;
  stream?.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = null;
  socket?.close();
  socket = null;
  asleep = resting = false;
  setButton(false);
  find('numbers').textContent = '';
  greyCard('Camera off');
  say(words, trouble);
}

function connect(mine) {
  say('Connecting to the server…');
  const connection = (socket = new WebSocket(socketAddress()));
  connection.binaryType = 'arraybuffer';
  [sent, answered, drawn, waitingSince] = [0, 0, 0, performance.now()];
  [sentAt, drawnAt, roundTrips] = [new Map(), [], []];
  let refused = null;
  connection.onopen = () => {
    openedAt = performance.now();
    warning = null;
    sendSettings();
    sayState();
  };
  connection.onmessage = ({ data }) => {
    if (mine !== run) return;
    if (data instanceof ArrayBuffer) return show(data, mine, connection);
    const message = JSON.parse(data);
    if (message.error) refused = message.error;
    if (message.status) status = message.status;
    if (message.warning !== undefined) {
      warning = message.warning;
      sayState();
    }
  };
  connection.onclose = (event) => {
    if (mine !== run || socket !== connection) return;
    socket = null; // a picture of its that is still being decoded must not cover the card
    if (event?.code === IDLE) return rest();
    greyCard('Connection lost');
    if (refused || tries === RETRY_MS.length) return stop(refused ?? 'The connection was lost. Press Start to try again.', true);
    say('The connection was lost; trying again…', true);
    setTimeout(() => mine === run && connect(mine), RETRY_MS[tries]);
    tries += 1;
  };
}

function rest() {
  [resting, tries] = [true, 0];
  standStill('Waiting for the camera…', 'The camera gives no pictures at the moment.');
}

function eachFrame(mine) {
  const next = () => {
    if (mine !== run) return;
    [fresh, frameAt] = [true, performance.now()];
    if (resting) {
      resting = false;
      connect(mine);
    }
    sendFrame(mine);
    eachFrame(mine);
  };
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(next);
  else setTimeout(() => requestAnimationFrame(next), 25);
}

// Called whenever a picture may go: when one comes, is encoded, sent or answered. None is left out that could go a little later.
async function sendFrame(mine) {
  const connection = socket;
  const ready = mine === run && connection?.readyState === WebSocket.OPEN;
  if (!fresh || !ready || encoding || document.hidden || sent - answered >= IN_FLIGHT || !video.videoWidth) return;
  if (connection.bufferedAmount > 0) return pollSocket(mine); // there is no event for it
  [fresh, encoding] = [false, true];
  const [share, quality] = DETAIL[detail];
  [outbox.width, outbox.height] = frameSize(share);
  const pen = outbox.getContext('2d');
  // The camera is mirrored before it is sent, so that writing in the new background stays readable.
  if (mirror.checked) pen.setTransform(-1, 0, 0, 1, outbox.width, 0);
  pen.drawImage(video, 0, 0, outbox.width, outbox.height);
  const taken = performance.now();
  const jpeg = await new Promise((done) => outbox.toBlob(done, 'image/jpeg', quality));
  encoding = false;
  if (!jpeg || mine !== run || connection !== socket || connection.readyState !== WebSocket.OPEN) return;
  const number = new DataView(new ArrayBuffer(4));
  number.setUint32(0, ++sent);
  sentAt.set(sent, taken);
  if (sent === answered + 1) waitingSince = performance.now();
  connection.send(new Blob([number.buffer, jpeg]));
  sendFrame(mine);
}

function pollSocket(mine) {
  if (polling) return;
  polling = true;
  setTimeout(() => {
    polling = false;
    sendFrame(mine);
  }, POLL_MS);
}

async function show(data, mine, connection) {
  const number = new DataView(data).getUint32(0);
  answered = Math.max(answered, number); // the server leaves out frames that a newer one replaced
  waitingSince = performance.now();
  sendFrame(mine);
  const picture = await createImageBitmap(new Blob([data.slice(4)])).catch(() => null);
  const taken = sentAt.get(number);
  for (const old of sentAt.keys()) if (old <= number) sentAt.delete(old);
  const late = mine !== run || connection !== socket || number <= drawn; // decoding may end out of order
  if (!picture || late) return picture?.close();
  drawn = number;
  if (stalled) sayState();
  resize(picture.width, picture.height);
  screen.clearRect(0, 0, canvas.width, canvas.height);
  screen.drawImage(picture, 0, 0);
  picture.close();
  drawnAt = [...drawnAt.slice(-120), performance.now()];
  if (taken !== undefined) roundTrips = [...roundTrips.slice(-29), performance.now() - taken];
  if (drawn > 150) tries = 0; // a long good run earns all of them again
}

function middleRoundTrip() {
  return [...roundTrips].sort((a, b) => a - b)[Math.floor(roundTrips.length / 2)];
}

function adapt() {
  const [middle, now] = [middleRoundTrip(), performance.now()];
  if (roundTrips.length < 15 || now - openedAt < STARTING_MS) return;
  if (middle > SLOW_MS && detail < DETAIL.length - 1) [detail, lowered] = [detail + 1, now];
  else if (middle < QUICK_MS && detail > 0 && now - lowered > FORGIVEN_MS) detail -= 1;
  else return;
  roundTrips = []; // the next are of another size
  sendSettings();
}

function tell() {
  const now = performance.now();
  const recent = drawnAt.filter((time) => now - time < 2000);
  const middle = middleRoundTrip();
  const numbers = [];
  if (recent.length > 1) numbers.push(((1000 * (recent.length - 1)) / (now - recent[0])).toFixed(0) + ' frames a second');
  // The device and the network's size are in the page's own line below.
  if (middle !== undefined) numbers.push(middle.toFixed(0) + ' ms round trip');
  if (DETAIL[detail][0] < 1) numbers.push(frameSize(DETAIL[detail][0]).join('x') + ' for speed');
  if (status) numbers.push(status.frame_ms.toFixed(0) + ' ms of it at the server');
  find('numbers').textContent = numbers.join(' · ');
}

function watchOver() {
  if (!element.isConnected) {
    stop();
    return clearInterval(guard);
  }
  if (asleep && !document.hidden && element.offsetParent) start();
  if (!stream) return;
  adapt();
  tell();
  hiddenSince = document.hidden ? hiddenSince || Date.now() : 0;
  if (hiddenSince && Date.now() - hiddenSince > HIDDEN_MS) {
    stop('The camera is off while this page is out of sight.');
    [asleep, hiddenSince] = [true, 0];
    return;
  }
  if (element.offsetParent === null) return stop('The camera was switched off because you left the Live tab.');
  const now = performance.now();
  if (document.hidden) frameAt = now; // none comes while nobody looks
  else if (now - frameAt > STALL_MS) standStill('Waiting for the camera…', 'The camera gives no pictures at the moment.');
  else if ((sent > answered || socket?.readyState === WebSocket.CONNECTING) && now - waitingSince > STALL_MS) {
    standStill('Waiting for the server…', 'The server is slow at the moment; your room is not shown.');
  }
}

startButton.onclick = () => (stream ? stop() : start());
cameraList.onchange = sizeList.onchange = ({ target }) => {
  if (target === cameraList) turn(target.value);
  if (stream) start();
};
watch('value', takeSettings);
addEventListener('pagehide', () => stop());
navigator.mediaDevices?.addEventListener?.('devicechange', listCameras);
const guard = setInterval(watchOver, 500);
greyCard('Camera off');
takeSettings();
listCameras();
