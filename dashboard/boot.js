// Starts the page's program, a module and its WebAssembly, and says what is wrong where it does not start.
// A classic script without inline parts: it runs from a file, and under a strict Content-Security-Policy.
(function () {
  "use strict";

  /** Milliseconds before another try: a device serves few requests at a time, and resets or puts off the others. */
  const PAUSES = [300, 1000, 2500];
  const { script, wasm } = document.getElementById("program").dataset;
  const skeleton = document.getElementById("loading");

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  const place = element("main", { className: "loading failed" });

  /** Says what is wrong, and what to do: text, or elements. */
  function say(title, ...remedies) {
    const paragraphs = remedies.map((remedy) => element("p", {}, ...[remedy].flat()));
    const alert = element("div", {}, element("h1", {}, title), ...paragraphs);
    alert.setAttribute("role", "alert");
    place.replaceChildren(alert);
    // The program has taken it away if it began to run.
    skeleton.remove();
    document.body.prepend(place);
    return alert;
  }

  /** Says what is wrong that may be right the next time. */
  function sayAndOffer(title, ...remedies) {
    const alert = say(title, ...remedies);
    alert.append(element("button", { type: "button", className: "primary", onclick: () => location.reload() }, "Try again"));
  }

  function code(text) {
    return element("code", {}, text);
  }

  /** Leads to the page of a device. */
  function addressForm() {
    const field = element("input", { id: "address", placeholder: "192.168.1.20", autocapitalize: "off", spellcheck: false });
    const form = element("form", { className: "row" }, element("label", { htmlFor: "address" }, "Address of a device"), field);
    form.append(element("button", {}, "Open its page"));
    form.onsubmit = (event) => {
      event.preventDefault();
      const address = field.value.trim();
      if (address) location.href = /^https?:\/\//i.test(address) ? address : `http://${address}`;
    };
    return form;
  }

  function sayFile() {
    say(
      "This page was opened as a file",
      "Browsers run no WebAssembly from files, so neither a device nor a capture can be shown from here.",
      ["Open the page that a device serves:", addressForm()],
      ["Or serve this folder, and open it there; captures open there without a device, too: ", code("python3 -m http.server --bind 127.0.0.1 8000")],
    );
  }

  /** Why a file of the program is of no use. */
  class Missing extends Error {
    constructor(file, what, mayPass) {
      super(`${file.split("/").pop()} ${what}`);
      this.mayPass = mayPass;
    }
  }

  /** Asks for the program, and for what unpacks it if it is packed. */
  async function askForProgram() {
    const isPacked = wasm.endsWith(".lzma");
    const giveUp = new AbortController();
    try {
      return await Promise.all([fetch(wasm, { signal: giveUp.signal }), isPacked && fetchModule(named("unlzma.js"))]);
    } catch (error) {
      // A program that nobody reads would keep one of the device's few connections.
      giveUp.abort();
      if (error instanceof Missing) throw error;
      throw new Missing(wasm, "did not arrive: the connection failed.", true);
    }
  }

  /** Compiles the program, if it can while it arrives. */
  async function fetchProgram() {
    let [response, unpacking] = await askForProgram();
    const { status } = response;
    if (!response.ok) {
      throw new Missing(wasm, `did not arrive: the server answered ${status}.`, status >= 500 || status === 429);
    }
    const type = response.headers.get("Content-Type") || "something unnamed";
    let bytes, refusal;
    if (unpacking) response = unpacking.unlzma(response, (words) => (refusal = words));
    try {
      if (response.headers.get("Content-Type") === "application/wasm" && WebAssembly.compileStreaming) {
        return await WebAssembly.compileStreaming(response);
      }
      bytes = await response.arrayBuffer();
    } catch (error) {
      if (refusal) throw type.startsWith("text/") ? instead(type) : new WebAssembly.CompileError(`${wasm.split("/").pop()}: ${refusal}`);
      if (error instanceof WebAssembly.CompileError) throw error;
      throw new Missing(wasm, "was cut off on its way.", true);
    }
    if (String.fromCharCode(...new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength))) !== "\0asm") throw instead(type);
    return WebAssembly.compile(bytes);
  }

  /** Some servers send their first page, or a login, for whatever they do not have. */
  function instead(type) {
    return new Missing(wasm, `is no WebAssembly: the server sent ${type} instead.`, false);
  }

  /** A file whose name is always the same, as this version of the page has it: the program's name stands behind it. */
  function named(file) {
    return `${file}?${script.split("/").pop()}`;
  }

  /** How often a module failed. */
  let failures = 0;

  async function fetchModule(file) {
    try {
      // A browser remembers a module that failed by its address.
      return await import(new URL(failures ? `${file}&again=${failures}` : file, document.baseURI));
    } catch (error) {
      failures += 1;
      throw new Missing(file, `did not arrive, or is no script (${error.message}).`, true);
    }
  }

  /** The program, once it runs: what parts of the page that are not in it ask. */
  let running;

  /** A part of the page whose script is loaded once it is shown. */
  class Later extends HTMLElement {
    async connectedCallback() {
      try {
        const part = await patiently(() => fetchModule(named(`${this.getAttribute("name")}.js`)));
        part.show(this, running);
      } catch (error) {
        const words = `A part of this page did not arrive: ${error.message} The device may be busy, or out of reach.`;
        this.replaceChildren(element("p", { className: "note bad" }, words));
      }
    }
  }

  async function start() {
    const [program, module] = await Promise.all([fetchProgram(), fetchModule(`${script}?`)]);
    early.abort();
    running = module;
    await module.default({ module_or_path: program });
  }

  async function patiently(attempted) {
    for (let attempt = 0; attempt <= PAUSES.length; attempt += 1) {
      try {
        return await attempted();
      } catch (error) {
        if (!error.mayPass || attempt === PAUSES.length) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSES[attempt]));
      }
    }
  }

  function sayFailure(error) {
    const words = error && error.message ? error.message : String(error);
    if (error instanceof Missing) {
      sayAndOffer("A part of this page did not arrive", words, "The device may be busy, restarting, or out of reach; on another server, the file may be missing.");
    } else if (/Content.Security.Policy|unsafe-eval/i.test(words)) {
      sayAndOffer("This page may not run WebAssembly here", ["A Content-Security-Policy forbids it: ", words, ". Let it have ", code("script-src 'self' 'wasm-unsafe-eval'"), "."]);
    } else if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
      sayAndOffer("A part of this page is damaged", words, "It may have been cut off or changed on its way, or the browser is too old for it.");
    } else {
      sayAndOffer("This page has stopped", words, "Nothing on the device was changed. The browser's console says where in the page it happened.");
    }
  }

  /** Microseconds that were recorded before the program says that nothing leaks (`QUIET_US`), and call stacks that it asks for (`LISTED`). */
  const QUIET_US = 65e6;
  const LISTED = 512;
  const WORDS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

  /** Writes bytes as the program does, such as `39.0 KiB`. */
  function bytes(number) {
    const units = ["B", "KiB", "MiB", "GiB"];
    let unit = 0;
    while (number >= 1023.5 && unit + 1 < units.length) {
      number /= 1024;
      unit += 1;
    }
    return `${unit > 0 && number < 99.95 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
  }

  /** Ends what is asked before the program is there: a device answers one query for leaks at a time, and the program has its own. */
  const early = new AbortController();

  async function ask(path) {
    const answer = await fetch(path, { signal: early.signal });
    // Read to its end in any case, so that the connection can be used again.
    const body = await answer.text();
    return answer.ok ? JSON.parse(body) : Promise.reject(body);
  }

  /** Says what the device itself judges, in the program's words, and nothing that the program may contradict. */
  async function tell() {
    const isShown = ["", "#/live", "#/leaks"].includes(location.hash.split("?")[0]);
    if (!isShown || new URLSearchParams(location.search).has("device")) return;
    const trace = await ask("api/v1/trace");
    if (trace.state !== "recording" || trace.destination !== "standalone") return;
    const list = await ask("api/v1/trace/leaks?verdict=leaking,filling");
    const isLeak = ({ verdict }) => verdict.kind === "leaking" || (!verdict.certain && verdict.bytes_per_minute > 0);
    // Whether blocks without a record are still held, only the program finds out.
    const isCertain = ({ verdict }) => verdict.kind === "leaking" && verdict.certain && trace.evicted_live === 0;
    const rank = (leak) => isCertain(leak) * 1e15 + leak.verdict.bytes_per_minute;
    const leaks = list.leaks.filter((leak) => leak.stack.origin !== "agent" && isLeak(leak)).sort((a, b) => rank(b) - rank(a));
    const certain = leaks.filter(isCertain).length;
    const sentence = element("p", { className: "first" });
    let headline = "No leak shows.";
    if (leaks.length) {
      const [{ stack, verdict, count, bytes: held }] = leaks;
      const number = certain || leaks.length;
      // Which call stacks are of one call site, only the program knows.
      const sites = number === 1 ? "One call site" : `${WORDS[number] ?? number} call stacks`;
      headline = `${sites} ${certain === 0 ? "may be" : certain === 1 ? "is" : "are"} leaking.`;
      const pace = element("strong", {}, `${bytes(verdict.bytes_per_minute)} a minute`);
      const blocks = `${count.toLocaleString("en")} block${count === 1 ? "" : "s"}`;
      const site = stack.frames.length ? code(stack.frames.slice(0, 3).join(" ← ")) : "It";
      sentence.append(site, " takes ", pace, ` and holds ${blocks}, ${bytes(held)}.`);
    } else {
      const known_us = list.time_us - Math.max(list.started_us, list.doubtful_until_us);
      const isKnown = known_us >= QUIET_US && !list.unrecorded.length && trace.evicted_live === 0 && trace.stack_count <= LISTED;
      if (!isKnown || trace.live_count === 0) return;
      sentence.append("What holds the heap is on its way.");
    }
    const place = document.getElementById("verdict");
    place.className += certain ? " bad" : leaks.length ? "" : " good";
    place.replaceChildren(element("h2", {}, headline), sentence);
    place.dataset.told = "";
  }

  /** Puts, gets or deletes the ELF of a build in this browser, for the program. */
  window.elfCache = (request, key, file) =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open("heapbeacon", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("elf");
      opening.onerror = reject;
      opening.onsuccess = () => {
        const database = opening.result;
        const transaction = database.transaction("elf", "readwrite");
        const files = transaction.objectStore("elf");
        const outcome = request === "put" ? files.put(file, key) : files[request](key);
        transaction.oncomplete = () => resolve(outcome.result);
        transaction.onabort = reject;
        // It closes once nothing is open any more.
        database.close();
      };
    });

  if (location.protocol === "file:") return sayFile();
  if (typeof WebAssembly !== "object") {
    return say("This browser runs no WebAssembly", "It is too old, or has it switched off, as a lockdown mode does. The device can still be asked over its HTTP API.");
  }
  // A program that has stopped leaves a picture that looks live.
  addEventListener("error", ({ error }) => error instanceof WebAssembly.RuntimeError && sayFailure(error));
  addEventListener("unhandledrejection", ({ reason }) => reason instanceof WebAssembly.RuntimeError && sayFailure(reason));
  // Without an answer the program says why there is none.
  tell().catch(() => {});
  customElements.define("later-part", Later);
  patiently(start).catch(sayFailure);
})();
