// The camera. Its picture is only ever drawn into `outbox`, which is not part of the page.

const CAMERA_TROUBLE = {
  NotAllowedError: 'The camera was not allowed. Allow it beside the address of this page, then press Start.',
  NotFoundError: 'No camera was found. Connect one, then press Start.',
  NotReadableError: 'The camera is busy. Close the other program that uses it, then press Start.',
  AbortError: 'The camera stopped by itself. Press Start to try again.',
};

const outbox = document.createElement('canvas');
const video = Object.assign(document.createElement('video'), { muted: true, playsInline: true });

let stream = null; // of the camera; null while stopped
let fresh = false; // the camera has a picture that was not sent
let frameAt = 0; // when it came
let away = false; // the camera faces away from who uses it

// The camera's size, made smaller to what the server takes and to a share of that.
function frameSize(share = 1) {
  const [width, height] = [video.videoWidth || 640, video.videoHeight || 480];
  const scale = share * Math.min(1, Math.sqrt(props.largest_pixels / (width * height)));
  return [width, height].map((side) => Math.floor(side * scale));
}

function takePicture([share, quality]) {
  [outbox.width, outbox.height] = frameSize(share);
  const pen = outbox.getContext('2d');
  // The camera is mirrored before it is sent, so that writing in the new background stays readable.
  if (mirror.checked) pen.setTransform(-1, 0, 0, 1, outbox.width, 0);
  pen.drawImage(video, 0, 0, outbox.width, outbox.height);
  return new Promise((done) => outbox.toBlob(done, 'image/jpeg', quality));
}

// One's own face is seen as in a mirror, what lies before a camera that faces away is not. Between
// cameras of one direction the visitor's own choice stays.
function turn(facing) {
  const isAway = facing === 'environment';
  if (isAway !== away) mirror.checked = !isAway;
  away = isAway;
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
