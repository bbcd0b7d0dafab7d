// Photos from a file, a drop or the camera, shrunk here and sent to Python as
// messages {name, number, total, problem}, with the bytes as buffer where there is
// no problem. Nothing is kept in the widget's state.

const LONGEST_PX = 1280;
const SMALL_BYTES = 900_000; // travels as it is; Colab loses messages of 1 MB
const JPEG_QUALITIES = [0.92, 0.8, 0.6, 0.4]; // the first that is small enough

const SENT = "Sent: waiting for Python, which answers once it is free.";

const WHY_NO_CAMERA = {
  NotAllowedError:
    "because it was refused: allow it for this page in the browser (VS Code never does)",
  NotFoundError: "because no camera was found: plug one in and try again",
  NotReadableError: "because another program uses it: close that one and try again",
  SecurityError: "because browsers give it only to pages on https or localhost (VS Code never does)",
};

async function toJpeg(canvas) {
  let blob;
  for (const quality of JPEG_QUALITIES) {
    blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob === null) throw new Error("The browser could not pack the picture.");
    if (blob.size <= SMALL_BYTES) break;
  }
  return blob;
}

function drawScaled(source, width, height) {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // under transparent parts
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// A small photo travels unchanged, so that the notebook and the command line
// read the very same pixels; a large one is shrunk, upright.
async function shrink(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    if (file.size <= SMALL_BYTES) return file; // Python names what is wrong
    throw new Error(
      `${file.name} is not a picture this browser can open, and it is too large ` +
        "to send as it is: save it as JPEG or PNG, or paste its path.",
    );
  }
  try {
    const { width, height } = bitmap;
    if (Math.max(width, height) <= LONGEST_PX && file.size <= SMALL_BYTES) return file;
    return await toJpeg(drawScaled(bitmap, width, height));
  } finally {
    bitmap.close();
  }
}

async function sendPhotos(model, files, note) {
  const total = files.length;
  let lost = "";
  for (const [index, file] of files.entries()) {
    note(`Sending ${file.name} (${index + 1} of ${total}) …`);
    const about = { name: file.name, number: index + 1, total };
    try {
      const bytes = await (await shrink(file)).arrayBuffer();
      model.send({ ...about, problem: "" }, undefined, [bytes]);
    } catch (error) {
      try {
        model.send({ ...about, problem: error.message });
      } catch {
        lost = `${file.name} could not be sent: is the kernel running?`;
      }
    }
  }
  note(lost || SENT, lost !== "");
}

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function camera(send, note) {
  const video = element("video", { autoplay: true, muted: true, playsInline: true });
  video.setAttribute("aria-label", "camera picture");
  const toggle = element("button", { type: "button", textContent: "Start camera" });
  const take = element("button", { type: "button", textContent: "Take photo" });
  let stream = null;
  let turn = 0; // of the last start or stop: a camera that comes too late is let go

  const show = (on) => {
    video.hidden = take.hidden = !on;
    toggle.textContent = on ? "Stop camera" : "Start camera";
  };
  const stop = () => {
    turn += 1;
    stream?.getTracks().forEach((track) => track.stop());
    stream = video.srcObject = null;
    show(false);
  };
  const start = async () => {
    const mine = (turn += 1);
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      const given = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: LONGEST_PX } },
      });
      if (mine !== turn) return given.getTracks().forEach((track) => track.stop());
      stream = given;
      video.srcObject = stream;
      show(true);
      note("");
    } catch (error) {
      const reason = WHY_NO_CAMERA[error.name] ?? `the browser says: ${error.message}`;
      const instead = "choose a photo or paste its path instead";
      note(`The camera did not start, ${reason}; ${instead}.`, true);
    }
  };
  toggle.onclick = () => (stream ? stop() : start());
  take.onclick = async () => {
    if (!video.videoWidth) return note("The camera is not ready yet: try again.", true);
    const blob = await toJpeg(drawScaled(video, video.videoWidth, video.videoHeight));
    const name = `camera-${new Date().toISOString().slice(11, 19).replaceAll(":", "")}.jpg`;
    return send([new File([blob], name, { type: "image/jpeg" })]);
  };
  show(false);
  return { toggle, take, video, stop };
}

// One photo for Python that waits for it: on Colab without anywidget, this runs in the
// cell's output. Gives {name, content}, {name, problem}, or null if it was closed.
export async function takeOnePhoto() {
  const status = element("p");
  status.setAttribute("role", "status");
  const note = (text) => (status.textContent = text);
  let done;
  const taken = new Promise((resolve) => (done = resolve));
  const { toggle, take, video, stop } = camera(([file]) => done(file), note);
  const close = element("button", { type: "button", textContent: "Close camera" });
  close.onclick = () => done(null);
  const seen = element("div", {}, video);
  const box = element("div", { className: "fer-camera" }, take, close, seen, status);
  document.body.append(box);
  try {
    video.onloadedmetadata = () => {
      const height = document.documentElement.scrollHeight;
      globalThis.google?.colab?.output?.setIframeHeight(height, true);
    };
    await toggle.onclick();
    if (video.hidden) return { name: "camera", problem: status.textContent };
    const file = await taken;
    return file && { name: file.name, content: await toBase64(file) };
  } finally {
    stop();
    box.remove();
  }
}

function toBase64(file) {
  return new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]); // after data:…;base64
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
}

// The whole widget from the keyboard. A plain key pressed in it is the widget's:
// JupyterLab would take arrows and Enter for its own, and move to another cell instead
// of the slider; it first looks at the attribute of the element that has the focus.
// And ipywidgets leaves the slider without a name for those who hear the page.
function helpKeyboard(el) {
  const inside = (event) => (el.closest(".widget-vbox") ?? el).contains(event.target);
  const mark = (event) => {
    if (!inside(event)) return;
    const plain = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey);
    event.target.toggleAttribute("data-lm-suppress-shortcuts", plain);
  };
  const name = (event) => {
    if (!inside(event) || event.target.role !== "slider") return;
    const label = event.target.closest(".widget-slider")?.querySelector(".widget-label");
    if (label) event.target.setAttribute("aria-label", label.textContent);
  };
  window.addEventListener("keydown", mark, true);
  window.addEventListener("focusin", name, true);
  return () => {
    window.removeEventListener("keydown", mark, true);
    window.removeEventListener("focusin", name, true);
  };
}

function render({ model, el }) {
  const status = element("p", { className: "fer-status" });
  status.setAttribute("role", "status");
  const note = (text, problem = false) => {
    status.textContent = text;
    status.classList.toggle("fer-problem", problem);
  };
  model.on("msg:custom", ({ allArrived }) => {
    if (allArrived && status.textContent === SENT) note("");
  });
  let last = Promise.resolve(); // one choice after the other
  const send = (files) => {
    const chosen = [...files]; // a drop's list is empty afterwards
    if (!chosen.length) note("That was no file: save the picture, then choose it.", true);
    if (!chosen.length) return last;
    return (last = last.then(() => sendPhotos(model, chosen, note)));
  };

  const input = element("input", { type: "file", accept: "image/*", multiple: true });
  input.onchange = async () => {
    const files = [...input.files];
    input.value = ""; // so that the same photo can be chosen again
    await send(files);
  };
  const choose = element(
    "label",
    { className: "fer-choose" },
    input,
    element("span", { textContent: "Choose photos or drop them here" }),
  );
  choose.ondragover = (event) => {
    event.preventDefault();
    choose.classList.add("fer-over");
  };
  choose.ondragleave = () => choose.classList.remove("fer-over");
  choose.ondrop = (event) => {
    event.preventDefault();
    choose.classList.remove("fer-over");
    send(event.dataTransfer.files);
  };

  const { toggle, take, video, stop } = camera(send, note);
  const row = element("div", { className: "fer-row" }, choose, toggle, take);
  el.classList.add("fer-upload");
  el.append(row, video, status);
  const leaveKeyboard = helpKeyboard(el);
  return () => {
    leaveKeyboard();
    stop();
  };
}

export default { render };
