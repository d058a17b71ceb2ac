// Starts what reads ELFs, and hands it the page's messages: one answer each, in order. It says `null` once it has started, and
// a sentence when it can't go on. A classic worker, for every browser has those.
"use strict";

function fail(error) {
  postMessage(String((error && error.message) || error));
}

onmessage = ({ data: [question, elf] }) => {
  try {
    const answer = wasm_bindgen.answer(question, elf);
    if (!answer) throw new Error("it is of another version than the page: reload the page");
    postMessage(answer, [answer.buffer]);
  } catch (error) {
    fail(error);
  }
};

// The page names its own version behind the `?`, so that a browser's copies of another one are not used.
importScripts("heapbeacon-worker.js" + location.search);
wasm_bindgen({ module_or_path: "heapbeacon-worker_bg.wasm" + location.search }).then(() => postMessage(null), fail);
