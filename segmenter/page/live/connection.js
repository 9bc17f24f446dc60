// The connection: frames to the server, and its answers onto the screen.

const IN_FLIGHT = 3; // two are worked on at the server while one is on its way,
const FRAME_MS = 33; // and one more for as long as messages take to the server and back,
const MOST_ON_THE_WAY = 9; // but no more of these
const PING_EVERY = 15; // frames, and not seconds: a camera that gives none may be sent away
const POLL_MS = 4; // until what was sent has left the browser
const IDLE = 4408; // how the server ends a connection on which nothing came for long
const RETRY_MS = [1500, 3000, 6000, 12000]; // before each try to connect again

let socket = null;
let tries = 0; // to connect again
let sending = false;
let resting = false; // the server sent a silent camera away: its next picture connects again
let [status, warning] = [null, null]; // the server's last
let [sent, answered, drawn] = [0, 0, 0];
let waitingSince = 0; // for the server
let sentAt = new Map(); // number -> milliseconds
let latency = null; // milliseconds to the server and back, without any work: the least so far

function socketAddress() {
  // Gradio knows the prefix that a proxy puts before its pages; the scheme and host are this page's.
  const root = new URL(window.gradio_config?.root ?? document.baseURI, document.baseURI);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return scheme + '//' + location.host + root.pathname.replace(/\/+$/, '') + '/live';
}

function connect(mine) {
  say('Connecting to the server…');
  const connection = (socket = new WebSocket(socketAddress()));
  connection.binaryType = 'arraybuffer';
  [sent, answered, drawn, waitingSince] = [0, 0, 0, performance.now()];
  [sentAt, drawnAt, roundTrips, latency] = [new Map(), [], [], null];
  let refused = null;
  connection.onopen = () => {
    openedAt = performance.now();
    warning = toldBackground = null;
    sendSettings();
    ping();
    sayState();
  };
  connection.onmessage = ({ data }) => {
    if (mine !== run) return;
    if (data instanceof ArrayBuffer) return show(data, mine, connection);
    const message = JSON.parse(data);
    if (message.ping) latency = Math.min(latency ?? Infinity, performance.now() - message.ping);
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

function ping() {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: performance.now() }));
}

function mayBeOnTheirWay() {
  return IN_FLIGHT + Math.min(MOST_ON_THE_WAY, Math.floor(latency / FRAME_MS));
}

// Without waiting for the other end, which would never answer.
function hangUp() {
  const gone = socket;
  gone.onclose();
  gone.close();
}

function rest() {
  [resting, tries] = [true, 0];
  sayNoPictures();
}

// Called whenever a picture may go: when one comes, is encoded, sent or answered. None is left out that could go a little later.
async function sendFrame(mine) {
  const connection = socket;
  const isReady = () => mine === run && connection === socket && connection?.readyState === WebSocket.OPEN;
  if (!fresh || sending || !isReady() || document.hidden || sent - answered >= mayBeOnTheirWay() || !video.videoWidth) return;
  sending = true;
  // There is no event for it.
  while (isReady() && connection.bufferedAmount > 0) await new Promise((done) => setTimeout(done, POLL_MS));
  fresh = false;
  const taken = performance.now();
  const jpeg = isReady() && (await takePicture(DETAIL[detail]));
  sending = false;
  if (!jpeg || !isReady()) return;
  const number = new DataView(new ArrayBuffer(4));
  number.setUint32(0, ++sent);
  sentAt.set(sent, taken);
  if (sent === answered + 1) waitingSince = performance.now();
  if (sent % PING_EVERY === 0) ping();
  connection.send(new Blob([number.buffer, jpeg]));
  sendFrame(mine);
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
