// Starts what reads ELFs, writes exports and knows when a heap is full, and hands it the page's messages. It says `null` once it has started,
// and a sentence when it can't go on. A question about an ELF, an array, has one answer, each in its turn. An export is told of in
// thousandths until its file is there. A heap, what is
// known of its past, has a time. A classic worker, for every browser has those.
"use strict";

function fail(error) {
  postMessage(String((error && error.message) || error));
}

function answer(question, elf) {
  const answer = wasm_bindgen.answer(question, elf);
  if (!answer) throw new Error("it is of another version than the page: reload the page");
  postMessage(answer, [answer.buffer]);
}

function write({ format, capture, names }) {
  const pieces = [];
  const tell = (what) => (typeof what === "number" ? postMessage(what) : pieces.push(what));
  try {
    const [extension, ...losses] = wasm_bindgen.write(format, capture, names, tell);
    postMessage({ file: new Blob(pieces), extension, losses });
  } catch (error) {
    // What it says itself is a sentence; what the browser says of a program that was ended is none.
    if (typeof error === "string") throw error;
    throw new Error(`It had to stop (${error.message}): there may be too little memory for a capture of this size in this browser. \`cargo xtask export\` needs less.`);
  }
}

onmessage = ({ data }) => {
  try {
    if (Array.isArray(data)) answer(...data);
    else if (data.times) postMessage({ id: data.id, seconds: wasm_bindgen.secondsToFull(data.times, data.used, data.free) });
    else write(data);
  } catch (error) {
    fail(error);
  }
};

// The page names its own version behind the `?`, so that a browser's copies of another one are not used.
const VERSION = location.search;

/** What is wrong with the packed program, if it is known. */
let refusal;

/** What `wasm_bindgen` takes: an answer with a program, unpacked where it is packed. */
async function fetchProgram(file) {
  const unpacking = file.endsWith(".lzma") && (await import(`./unlzma.js${VERSION}`));
  const response = await fetch(file + VERSION);
  if (!response.ok) throw new Error(`${file} did not arrive: the server answered ${response.status}`);
  return unpacking ? unpacking.unlzma(response, (words) => (refusal = `${file}: ${words}`)) : response;
}

importScripts("heapbeacon-worker.js" + VERSION);
wasm_bindgen({ module_or_path: fetchProgram("heapbeacon-worker_bg.wasm") }).then(
  () => postMessage(null),
  (error) => fail(refusal ?? error),
);
