// Start and stop, by the visitor and by what is watched over.

const STALL_MS = 4000;
const GONE_MS = 20000; // without an answer: the connection ended unheard, as while a laptop slept
const HIDDEN_MS = 20000;

let run = 0; // grows with every start and stop: what belongs to an earlier one is dropped
let hiddenSince = 0;
let asleep = false; // stopped because nobody looked: goes on as soon as somebody does

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
  else if (now - frameAt > STALL_MS) sayNoPictures();
  else if (socket && (sent > answered || socket.readyState === WebSocket.CONNECTING) && now - waitingSince > STALL_MS) {
    standStill('Waiting for the server…', 'The server is slow at the moment; your room is not shown.');
    if (now - waitingSince > GONE_MS) hangUp();
  }
}

startButton.onclick = () => (stream ? stop() : start());
cameraList.onchange = sizeList.onchange = ({ target }) => {
  if (target === cameraList) turn(target.value);
  if (stream) start();
};
watch(['value', 'own'], takeSettings);
addEventListener('pagehide', () => stop());
navigator.mediaDevices?.addEventListener?.('devicechange', listCameras);
const guard = setInterval(watchOver, 500);
greyCard('Camera off');
takeSettings();
listCameras();
