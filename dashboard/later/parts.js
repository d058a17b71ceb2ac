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
