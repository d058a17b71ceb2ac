// Devices side by side. The list is kept in this browser; tokens are kept in this page only.

import { Refused, ask, bytes, duration, element, plural, startWorker, style } from "./parts.js";

/** What keeps the list in this browser. */
const KEY = "heapbeacon-fleet";
/** Milliseconds from one round to the next, and devices that are asked at a time. */
const ROUND_MS = 15_000;
const AT_A_TIME = 4;
/** Moments that are kept of a heap: two hours of them. */
const SEEN = 480;

/** What may need action of a list of leaks. */
const LEAKS = "/api/v1/trace/leaks?verdict=leaking,filling";

const STYLE = `
  .fleet td small, .fleet th small { display: block; max-width: 38ch; color: var(--dim); overflow-wrap: anywhere; }
  .fleet td { min-width: 9ch; }
  .fleet .off td { color: var(--dim); }
  .fleet td form { margin-top: 6px; }
  .fleet input { max-width: 100%; }
  .fleet-scroll + .note { margin-top: 8px; }
  .fleet-empty { margin-top: 16px; }
  .fleet-scroll { overflow-x: auto; margin-top: 14px; }
  @media (max-width: 760px) {
    .fleet thead { position: absolute; clip-path: inset(50%); }
    .fleet, .fleet tbody, .fleet tr, .fleet th, .fleet td { display: block; }
    .fleet tr { padding: 10px 12px; border-bottom: 1px solid var(--line); }
    .fleet tr > * { padding: 2px 0; border: 0; text-align: left; }
    .fleet td[data-label]::before { content: attr(data-label) " "; color: var(--dim); font-size: 13px; }
    .fleet td small { margin-left: 6px; }
    .fleet td[data-label] small, .fleet .firmware small { display: inline; }
  }
`;

/** The one Fleet of the page, for as long as the page lives: tokens and rows stay when another page was shown. */
let fleet;

export function show(place, program) {
  fleet ??= new Fleet(program);
  place.replaceChildren(fleet.view);
  fleet.resume(place);
}

class Fleet {
  constructor(program) {
    style(STYLE);
    this.program = program;
    this.devices = read().map((kept) => new Device(this, kept));
    this.rows = element("tbody");
    this.field = element("input", { id: "fleet-address", placeholder: "192.168.1.20", autocapitalize: "off", autocomplete: "off", spellcheck: false, inputMode: "url" });
    this.field.setAttribute("aria-describedby", "fleet-problem");
    this.problem = element("p", { id: "fleet-problem", className: "note bad", role: "alert" });
    this.shown = element("div");
    const form = element("form", { className: "row" }, element("label", { htmlFor: "fleet-address" }, "Address or name of a device"), this.field, element("button", { className: "primary" }, "Add"));
    form.onsubmit = (event) => {
      event.preventDefault();
      this.add(this.field.value);
    };
    this.view = element("div", { data: { testid: "fleet" } }, element("h1", { className: "unseen" }, "Fleet"), element("section", { className: "panel" }, element("h2", {}, "Fleet"), form, this.problem), this.shown);
    document.addEventListener("visibilitychange", () => this.resume(this.place));
    this.draw();
  }

  /** Adds what a person has typed. */
  add(typed) {
    const address = this.program.addressOf(typed);
    const isKnown = this.devices.some((device) => device.address === address);
    this.problem.textContent = !address
      ? "That is no address of a device: write it as 192.168.1.20, lamp.local:8080, or with http:// before it."
      : isKnown
        ? `${address} is in the list.`
        : "";
    this.field.setAttribute("aria-invalid", String(!address));
    if (!address || isKnown) return;
    this.field.value = "";
    const device = new Device(this, { address });
    this.devices.push(device);
    this.keep();
    this.draw();
    device.ask();
  }

  remove(device) {
    this.devices.splice(this.devices.indexOf(device), 1);
    this.keep();
    this.draw();
    this.field.focus();
  }

  /** Keeps the list; a browser that refuses has it for as long as the page is open. */
  keep() {
    const kept = this.devices.map(({ address, boot_id, restarts }) => ({ address, boot_id, restarts }));
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {}
  }

  draw() {
    if (!this.devices.length) return this.shown.replaceChildren(this.empty());
    this.rows.replaceChildren(...this.devices.map((device) => device.row));
    if (this.rows.isConnected) return;
    const heads = [["Device"], ["Verdict"], ["Free", "r"], ["Largest block", "r"], ["Full in", "r"], ["Firmware"], ["Up for"]];
    const head = heads.map(([text, className = ""]) => element("th", { className, scope: "col" }, text));
    const table = element("table", { className: "fleet" }, element("caption", { className: "unseen" }, "Devices side by side"), element("thead", {}, element("tr", {}, ...head, element("td"))), this.rows);
    const note = `Each device is asked every ${ROUND_MS / 1000} seconds while this page is seen. “Full in” goes by the low-water line of the heap since boot. Restarts are those that this browser has seen.`;
    this.shown.replaceChildren(element("div", { className: "fleet-scroll" }, table), element("p", { className: "note" }, note));
  }

  empty() {
    const base = this.program.shown()[0];
    const own = element("button", { type: "button", className: "primary", onclick: () => this.add(base) }, "Add this device");
    return element(
      "section",
      { className: "panel empty fleet-empty" },
      element("h2", {}, "No devices yet"),
      element("p", {}, "Add devices by address or name to see their heaps side by side: what is free, the largest block, when the heap is full, what leaks, and which firmware they run. The list stays in this browser."),
      element("p", {}, "Which devices there are in a network, ", element("code", {}, "cargo xtask discover"), " says of those that answer by mDNS."),
      base ? own : undefined,
    );
  }

  /** Goes on asking for as long as somebody sees `place`. */
  async resume(place) {
    this.place = place;
    if (this.isAsking) return;
    this.isAsking = true;
    while (this.place.isConnected && !document.hidden) {
      await this.round();
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
    this.isAsking = false;
  }

  /** Asks all devices, few at a time. */
  async round() {
    const waiting = [...this.devices];
    const next = async () => {
      for (let device; (device = waiting.shift()) && !document.hidden; ) await device.ask();
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, next));
  }

  /** Returns in how many seconds a heap is full: the worker knows, as the page of a device does. */
  secondsToFull(past) {
    this.worker ??= this.start();
    return this.worker.then((worker) => worker(past));
  }

  /** Starts the worker, anew if it could not be before. */
  async start() {
    const worker = startWorker();
    const waiting = new Map();
    let last = 0;
    await new Promise((resolve, reject) => {
      const fail = (reason) => {
        worker.terminate();
        this.worker = undefined;
        const refused = new Refused(`What reckons in this page can't go on: ${reason}.`);
        for (const { reject } of waiting.values()) reject(refused);
        reject(refused);
      };
      worker.onerror = ({ message }) => fail(message || "a part of the page did not arrive");
      worker.onmessage = ({ data }) => {
        if (data === null) return resolve();
        if (typeof data === "string") return fail(data);
        waiting.get(data.id).resolve(data.seconds);
        waiting.delete(data.id);
      };
    });
    return (past) =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject });
        worker.postMessage({ id: last, ...past });
      });
  }
}

/** A device of the list, and its row. */
class Device {
  constructor(fleet, { address, boot_id, restarts = 0 }) {
    Object.assign(this, { fleet, address, boot_id, restarts });
    // What was handed out at the times at which it was asked.
    this.seen = [];
    this.row = element("tr", { data: { address } });
    this.link = element("a", { href: `${address}/` }, named(address));
    this.verdict = element("td");
    this.cells = [["Free", "r"], ["Largest block", "r"], ["Full in", "r"], ["", "firmware"], ["Up for"]].map(([label, className = ""]) => element("td", { className, data: label ? { label } : {} }));
    this.small = element("small");
    const remove = element("button", { type: "button", className: "plain", ariaLabel: `Remove ${address}`, onclick: () => fleet.remove(this) }, "Remove");
    this.row.append(element("th", { scope: "row" }, this.link, this.small), this.verdict, ...this.cells, element("td", {}, remove));
    this.say("", "Asking…");
  }

  /** Asks for all that the row shows, one after the other: a device serves few requests at a time. */
  async ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    try {
      await this.tell(await this.answers());
    } catch (error) {
      this.explain(error);
    }
    this.isAsked = false;
  }

  /** Returns its answers. */
  async answers() {
    const get = async (path) => (await ask(this.address, path, this.token)).json();
    const ifThereIs = (path, status) => get(path).catch((error) => (error.status === status ? null : Promise.reject(error)));
    const device = await get("/api/v1/device");
    if (this.boot_id !== device.boot_id) this.begin(device.boot_id);
    return {
      device,
      heap: await get("/api/v1/heap"),
      // Of the time before this page asked; some keep none.
      history: (this.history ??= (await ifThereIs("/api/v1/heap/history", 404)) ?? { regions: [], points: [] }),
      trace: await get("/api/v1/trace"),
      // Without tracing there is nothing to ask.
      leaks: await ifThereIs(LEAKS, 501),
    };
  }

  /** Shows what was told. */
  async tell({ device, heap, history, trace, leaks }) {
    // Those that serve only HeapBeacon itself are not the firmware's.
    const own = heap.regions.map(({ origin }) => origin !== "agent");
    const regions = heap.regions.filter((_, index) => own[index]);
    const sum = (of) => regions.reduce((sum, region) => sum + region[of], 0);
    const full = await this.secondsToFull(heap, history, own, sum("used"), sum("free"));
    this.row.classList.remove("off");
    this.link.textContent = device.name;
    this.small.textContent = `${named(this.address)} · ${device.chip}`;
    this.say(...verdict(trace, leaks));
    const small = (text) => element("small", {}, text);
    const cells = [
      [bytes(sum("free")), small(`of ${bytes(sum("size"))}`)],
      [bytes(Math.max(0, ...regions.map((region) => region.largest_free_block)))],
      [full === undefined ? "–" : duration(full)],
      [`${device.firmware} ${device.firmware_version}`, small(device.build_id ? `build ${device.build_id.slice(0, 12)}` : "no build id")],
      [duration(device.uptime_us / 1e6), small(plural(this.restarts, "restart")), small(`last reset: ${device.reset_reason}`)],
    ];
    this.cells.forEach((cell, index) => cell.replaceChildren(...cells[index]));
  }

  /** Notes another boot: what was seen before is of no use for it, and it may remember more than was read. */
  begin(boot_id) {
    this.restarts += this.boot_id === undefined ? 0 : 1;
    this.boot_id = boot_id;
    this.seen = [];
    this.history = undefined;
    this.fleet.keep();
  }

  /** Returns in how many seconds the heap is full, by what the device remembers of the same regions, and what was seen since. */
  secondsToFull(heap, history, own, used, free) {
    this.seen.push([heap.time_us, used]);
    this.seen.splice(0, this.seen.length - SEEN);
    const isSame = heap.regions.map(({ name }) => name).join() === history.regions.join();
    const isBefore = ({ until_us, regions }) => isSame && regions.length === own.length && until_us < this.seen[0][0];
    const usedAt = ({ regions }) => regions.reduce((sum, level, index) => sum + (own[index] ? level.used : 0), 0);
    const past = history.points.filter(isBefore).map((point) => [point.until_us, usedAt(point)]);
    const all = [...past, ...this.seen];
    return this.fleet.secondsToFull({ times: all.map(([time]) => time), used: all.map(([, used]) => used), free });
  }

  /** Shows why nothing was told: what was known stays, in grey. */
  explain(error) {
    this.row.classList.add("off");
    if (error.status === 401) return this.askForToken(this.token !== undefined);
    if (error.status) return this.say("", "Can't be read", error.message);
    // To a browser, who is not there looks like who keeps this page out.
    this.say("", "Unreachable", `It may be off, restarting or elsewhere by now. Or it keeps this page out: then its own page opens, and --allow-origin ${location.origin} lets this one in.`);
  }

  askForToken(isWrong) {
    // Nothing is drawn anew under the hands of whoever types.
    if (this.form?.isConnected && !isWrong) return;
    const id = `token-${this.address}`;
    const field = element("input", { id, type: "password", autocomplete: "off" });
    this.form = element("form", { className: "row" }, element("label", { htmlFor: id }, "Token"), field, element("button", {}, "Connect"));
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.token = field.value.trim();
      this.ask();
    };
    this.token = undefined;
    this.say("", "Wants its token", isWrong ? "That is not this device's token." : "");
    this.verdict.append(this.form);
  }

  /** Shows a verdict, or what is in its place. */
  say(tone, words, more = "") {
    const tag = element("span", { className: `tag ${tone}` }, words);
    this.verdict.replaceChildren(tag, ...(more ? [element("small", {}, more)] : []));
  }
}

/** Seconds that were recorded before it is said that nothing leaks, as on the page of a device. */
const QUIET_US = 65e6;

/** Judges as the page of a device does before it has watched that: by the numbers of one answer. Returns tone, words and pace. */
export function verdict(trace, page) {
  if (trace.destination === "to_host") return ["", "Records go to a host"];
  if (!page || trace.state === "uninitialised") return ["", "Not tracing"];
  const own = page.leaks.filter(({ stack }) => stack.origin !== "agent");
  const growing = own.filter(({ verdict }) => verdict.kind === "leaking" || (verdict.kind === "filling" && !verdict.certain && verdict.bytes_per_minute > 0));
  // Where blocks without a record may still be held, nothing is certain; what is red is never taken back.
  const certain = growing.filter(({ verdict }) => verdict.kind === "leaking" && verdict.certain && trace.evicted_live === 0);
  const pace = (leaks) => `${bytes(leaks.reduce((sum, { verdict }) => sum + verdict.bytes_per_minute, 0))} a minute`;
  const stacks = (leaks, verb) => `${plural(leaks.length, "call stack")} ${verb}`;
  if (certain.length) return ["bad", stacks(certain, certain.length === 1 ? "leaks" : "leak"), pace(certain)];
  if (growing.length) return ["info", stacks(growing, "may leak"), pace(growing)];
  if (trace.state !== "recording") return ["", "Nothing is recorded now"];
  if (trace.evicted_live > 0) return ["", "No leak shows, but records were lost"];
  const known_us = page.time_us - Math.max(page.started_us, page.doubtful_until_us);
  return known_us < QUIET_US ? ["", "Too early to tell"] : ["good", "No leak shows"];
}

/** Returns an address as a person writes it. */
function named(address) {
  return address.replace(/^http:\/\//, "");
}

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return kept.filter(({ address }) => typeof address === "string");
  } catch {
    return [];
  }
}
