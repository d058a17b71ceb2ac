// What the parts of the page that are loaded later have in common.

/** Makes an element with properties and children; `data` of the properties are attributes that begin so. */
export function element(name, { data = {}, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  Object.assign(made.dataset, data);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Adds rules of style to the page, once: a policy may forbid any that come in another way. */
export function style(rules) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets.push(sheet);
}

/** Why a device has not answered as it should: a sentence, and whether its token is missing. */
export class Refused extends Error {
  constructor(sentence, status = 0) {
    super(sentence);
    this.status = status;
  }
}

/** Times that a device is asked again that is busy, or resets a connection: it serves few at a time. */
const TRIES = 3;

/** Asks a device; `token` may be undefined. */
export async function ask(base, path, token, timeout = 4000) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  for (let tries = 1; ; tries += 1) {
    let answer;
    try {
      answer = await fetch(base + path, { headers, signal: AbortSignal.timeout(timeout) });
    } catch (error) {
      if (error.name === "TimeoutError" || tries === TRIES) throw new Refused("The device did not answer. Is it still powered?");
    }
    if (answer?.ok) return answer;
    if (answer && (answer.status !== 503 || tries === TRIES)) throw await refusal(answer);
    await new Promise((resolve) => setTimeout(resolve, 1000 * Number(answer?.headers.get("Retry-After") || 0.5)));
  }
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => undefined);
  if (!problem?.title) return new Refused(`What answers is not HeapBeacon: status ${answer.status}, and no answer of its API.`);
  const words = answer.status === 401 ? "The device wants its token." : `${problem.title}: ${problem.detail}`;
  return new Refused(words, answer.status);
}

/** Starts the worker; `version` is what stands behind the `?` of this script. */
export function startWorker() {
  return new Worker(new URL("worker.js" + new URL(import.meta.url).search, import.meta.url));
}

/** Writes bytes as the rest of the page does, such as `39.0 KiB`. */
export function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  while (number >= 1023.5 && unit + 1 < units.length) {
    number /= 1024;
    unit += 1;
  }
  return `${unit > 0 && number < 99.95 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}

/** Writes seconds in their two largest units at most, such as `3 h 12 min`. */
export function duration(seconds) {
  const two = (small, per, large, unit) => `${Math.floor(small / per)} ${large}` + (small % per ? ` ${small % per} ${unit}` : "");
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? two(Math.floor(seconds / 60), 60, "h", "min") : two(Math.floor(seconds / 3_600), 24, "d", "h");
}

/** Writes a number of things, such as `1 block` or `312 blocks`. */
export function plural(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}
