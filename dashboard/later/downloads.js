// What can be saved of a device or of a capture, and opened in other tools. A worker writes these files: the capture and the names
// stay in the browser.

import { Refused, ask, element, startWorker, style } from "./parts.js";

/** Formats of `shared::export`, with what each is for. */
const FORMATS = [
  ["perfetto", "Perfetto trace", "heap profiles for each mark and region on a timeline, with counters and tasks"],
  ["firefox", "Firefox Profiler", "what any span of time has left behind, from records of all mode or events"],
  ["speedscope", "speedscope", "flame graphs of live bytes, live blocks and allocated bytes, at speedscope.app"],
  ["pprof", "pprof", "go tool pprof, Parca and Pyroscope: top lists, graphs, differences of two files"],
  ["heaptrack", "heaptrack", "heaptrack_gui and heaptrack_print: peaks, temporary blocks, leaks"],
  ["dhat", "DHAT", "dh_view.html of Valgrind: call trees by live, peak and all bytes"],
  ["collapsed", "Collapsed stacks", "a line for each call stack, for inferno, flamegraph.pl and other flame graphs"],
  ["leaks", "Call stacks as CSV", "a row for each call stack with its verdict, for a spreadsheet"],
  ["records", "Records as CSV", "a row for each block, for a spreadsheet"],
];

/**
 * Pages of others that take a file from the window that has opened them: where they are, what they are asked until they are ready, how
 * they answer then, and how the file is put. Perfetto: docs/visualization/deep-linking-to-perfetto-ui.md; Firefox Profiler: the case
 * "from-post-message" of src/components/app/UrlManager.
 */
const VIEWERS = [
  {
    label: "Perfetto",
    format: "perfetto",
    url: "https://ui.perfetto.dev/",
    question: "PING",
    isReady: (answer) => answer === "PONG",
    hand: (buffer, title, fileName) => ({ perfetto: { buffer, title, fileName } }),
  },
  {
    label: "Firefox Profiler",
    format: "firefox",
    url: "https://profiler.firefox.com/from-post-message/",
    question: { name: "ready:request" },
    isReady: (answer) => answer?.name === "ready:response",
    hand: (profile) => ({ name: "inject-profile", profile }),
  },
];
/** Milliseconds from one question to the next, and until nobody waits for an answer any more. */
const ASKING_MS = 100;
const READY_MS = 60_000;

/** What a device answers with as it is. */
const ROUTES = [
  ["/api/v1/capture", "trace.hbc", "Capture", "Everything in one file, to look at later and elsewhere"],
  ["/api/v1/trace/dump", "heap_trace_dump.txt", "Dump", "The records as text, as ESP-IDF's heap_trace_dump prints them"],
  ["/api/v1/openapi.yaml", "openapi.yaml", "API description", "Describes the HTTP API (OpenAPI)"],
];

/** What leaves the browser when another page is opened. */
const VIEWING =
  "Opens the viewer's own page in a new tab and hands it the file, from tab to tab; names of functions, files and tasks are in it. Nothing is uploaded: " +
  "this page sends the file nowhere else, and theirs, which comes from the internet, says that it keeps it in the browser unless you share it there.";

/** Milliseconds that a device may take for a capture, and until the browser has surely begun to read what it saves. */
const PATIENCE_MS = 120_000;
const GRACE_MS = 60_000;

const STYLE = `
  later-part h3 { margin: 16px 0 4px; font-size: 14px; }
  later-part .downloads button { margin: 2px 0; text-align: left; }
  later-part p.row { margin-top: 8px; }
  later-part progress { flex: 1; min-width: 120px; max-width: 360px; accent-color: var(--accent); }
`;

let isStyled = false;

/** Shows the panel in `place`; `program` says what is shown. */
export function show(place, program) {
  if (!isStyled) style(STYLE);
  isStyled = true;
  const panel = new Panel(program);
  place.replaceChildren(panel.section);
}

/** Returns what there is to export. */
function source(program) {
  const [base, token, capture, told, names, name] = program.shown();
  return { base, token, capture, told, names, name };
}

class Panel {
  constructor(program) {
    this.program = program;
    this.status = element("div", { role: "status", className: "row note", data: { testid: "export-status" } });
    this.problem = element("p", { role: "alert", className: "note bad", data: { testid: "export-problem" } });
    this.note = element("p", { className: "note" }, this.origin());
    const { base } = source(program);
    const links = base ? [element("ul", { className: "downloads" }, ...ROUTES.map((route) => this.link(base, ...route)))] : [];
    this.section = element(
      "section",
      { className: "panel", data: { testid: "downloads" } },
      element("h2", {}, "Downloads"),
      ...links,
      element("h3", {}, "Open in another page"),
      element("p", { className: "note" }, VIEWING),
      element("p", { className: "row" }, ...VIEWERS.map((viewer) => this.viewer(viewer))),
      element("h3", {}, "For other tools"),
      this.note,
      element("ul", { className: "downloads" }, ...FORMATS.map((format) => this.format(...format))),
      this.status,
      this.problem,
    );
  }

  /** Says of what moment an export is, and where its names come from. */
  origin() {
    const { capture, told } = source(this.program);
    const what = capture
      ? `Written from ${capture.name}`
      : told
        ? "Written from the events that this page was told since it connected, up to 16 MiB of them"
        : "Written from a capture of the moment";
    return `${what}, in this browser: nothing is sent anywhere. Functions and lines are in it if the names of this build are in use.`;
  }

  link(base, path, file, label, hint) {
    const onclick = (event) => {
      event.preventDefault();
      this.run(file, async () => {
        const answer = await ask(base, path, source(this.program).token, PATIENCE_MS);
        return { file: await answer.blob(), name: file };
      });
    };
    const link = element("a", { href: base + path, download: file, onclick }, label);
    return element("li", {}, link, " ", element("span", { className: "note" }, hint));
  }

  format(format, label, hint) {
    const onclick = () => this.run(label, (tell, signal) => this.written(format, tell, signal));
    const button = element("button", { type: "button", className: "plain", onclick, data: { format } }, label);
    return element("li", {}, button, " ", element("span", { className: "note" }, hint));
  }

  viewer(viewer) {
    const { label, format, url } = viewer;
    const onclick = () => {
      // At once, or the browser does not take it for what the click has asked for.
      const tab = window.open(url, "_blank");
      this.run(label, async (tell, signal) => {
        if (!tab) throw new Refused("This browser keeps pages from opening others: allow it for this one, or save the file and open it there.");
        try {
          const ready = isReady(tab, viewer, signal);
          const [{ file, name, losses }] = await Promise.all([this.written(format, tell, signal), ready]);
          const buffer = await file.arrayBuffer();
          tab.postMessage(viewer.hand(buffer, name, name), new URL(url).origin, [buffer]);
          return { words: `${label} has got ${name}, ${file.size.toLocaleString("en")} bytes.`, losses };
        } catch (error) {
          tab.close();
          throw error;
        }
      });
    };
    return element("button", { type: "button", onclick, data: { viewer: format } }, `Open in ${label}`);
  }

  /** Makes a file and saves it, unless it went elsewhere; says how far that is, and what went wrong. One at a time: another click ends the one before. */
  async run(label, make) {
    this.cancel?.abort();
    const cancel = (this.cancel = new AbortController());
    const bar = element("progress", { max: 1000, ariaLabel: `Progress of ${label}` });
    const button = element("button", { type: "button", onclick: () => cancel.abort() }, "Cancel");
    this.problem.textContent = "";
    this.note.textContent = this.origin();
    this.status.replaceChildren(`${label}: being written`, bar, button);
    let words = "";
    try {
      const made = make((permille) => (bar.value = permille), cancel.signal);
      const { file, name, losses = [], words: handed } = await Promise.race([made, aborted(cancel.signal)]);
      if (file) save(file, name);
      words = [handed ?? `${name} is saved, ${file.size.toLocaleString("en")} bytes.`, ...losses].join(" ");
    } catch (error) {
      if (cancel === this.cancel && !cancel.signal.aborted) this.problem.textContent = `${label}: ${error.message}`;
    }
    // What waits for something on behalf of this ends with it.
    cancel.abort();
    if (cancel === this.cancel) this.status.textContent = words;
  }

  /** Returns what is shown in a format. */
  async written(format, tell, signal) {
    const { base, token, capture, told, names, name } = source(this.program);
    const bytes = capture ?? (told ? new Blob(told) : await (await ask(base, "/api/v1/capture", token, PATIENCE_MS)).blob());
    const { file, extension, losses } = await written({ format, capture: bytes, names }, tell, signal);
    const stem = capture ? capture.name.replace(/\.hbc$/, "") : name || "trace";
    return { file, losses, name: `${stem.replace(/[^\w.-]/g, "_")}.${extension}` };
  }
}

/** Waits until another page says that it takes a file. Only an answer of that tab counts, and only while it shows that page. */
function isReady(tab, { label, url, question, isReady }, signal) {
  const { origin } = new URL(url);
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const asking = setInterval(() => {
      if (tab.closed) end(() => reject(new Refused("Its tab was closed.")));
      else if (Date.now() - started > READY_MS) end(() => reject(new Refused(`${label} does not answer: is there a way to ${origin}? Save the file instead, and open it there later.`)));
      else tab.postMessage(question, origin);
    }, ASKING_MS);
    const listen = (event) => {
      if (event.source === tab && event.origin === origin && isReady(event.data)) end(resolve);
    };
    const end = (settle) => {
      clearInterval(asking);
      removeEventListener("message", listen);
      settle();
    };
    addEventListener("message", listen);
    signal.addEventListener("abort", () => end(() => reject(new Refused("It was cancelled."))));
  });
}

/** Rejects once a signal says so. */
function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Refused("It was cancelled.")));
  });
}

/** Has a worker write a file; it ends with that, and gives its memory back. */
function written(question, tell, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return;
    const worker = startWorker();
    const end = (settle, outcome) => {
      worker.terminate();
      settle(outcome);
    };
    signal.addEventListener("abort", () => end(reject, new Refused("It was cancelled.")));
    worker.onerror = ({ message }) => end(reject, new Refused(`What writes it can't go on: ${message || "a part of the page did not arrive"}. The device may be busy: try again.`));
    worker.onmessage = ({ data }) => {
      if (data === null) worker.postMessage(question);
      else if (typeof data === "number") tell(data);
      else if (typeof data === "string") end(reject, new Refused(data));
      else end(resolve, data);
    };
  });
}

/** Hands a file to the browser. */
function save(file, name) {
  const href = URL.createObjectURL(file);
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), GRACE_MS);
}
