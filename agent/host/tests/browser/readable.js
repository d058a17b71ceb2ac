// Returns what on the page has too little contrast with what is behind it, one sentence each.
// Text needs 4.5, large text, and parts that tell something without text, need 3 (WCAG 2, AA).
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** Reads any colour that CSS can write: red, green, blue from 0 to 255, and alpha from 0 to 1. */
function colour(text) {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = text;
  canvas.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function over(front, back) {
  const alpha = front[3];
  return [0, 1, 2].map((i) => front[i] * alpha + back[i] * (1 - alpha)).concat(1);
}

/** Returns the colour that is behind what an element holds. */
function backdrop(element) {
  if (!element) return colour("Canvas");
  const own = colour(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : over(own, backdrop(element.parentElement));
}

function luminance(rgb) {
  const [red, green, blue] = rgb.slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(front, back) {
  const [one, other] = [luminance(over(front, back)), luminance(back)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

const problems = new Set();
function demand(least, front, back, what) {
  const found = contrast(colour(front), back);
  if (found < least) problems.add(`${what}: ${front} has ${found.toFixed(2)} of ${least}`);
}

function isSeen(element) {
  return element.checkVisibility() && !element.closest(":disabled, .unseen");
}

// Text, and what fields show while they are empty.
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  const text = texts.currentNode.data.trim();
  if (!text || !isSeen(element) || element.closest("noscript, script")) continue;
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  const front = element instanceof SVGElement ? style.fill : style.color;
  demand(isLarge ? 3 : 4.5, front, backdrop(element), `"${text}"`);
}
for (const field of document.querySelectorAll("input[placeholder]")) {
  const front = getComputedStyle(field, "::placeholder").color;
  demand(4.5, front, backdrop(field), `placeholder "${field.placeholder}"`);
}

// Parts that tell something by their shape.
const parts = [
  [".track, .dot, .link i, .pill i, .fill b, .fill u", "backgroundColor"],
  ["input:is([type=search], [type=number], [type=text], [type=password])", "borderTopColor"],
  [".spark path, .layer .line, nav path", "stroke"],
];
for (const [selector, property] of parts) {
  for (const part of document.querySelectorAll(selector)) {
    if (!isSeen(part)) continue;
    const name = `${part.tagName} ${part.getAttribute("class") ?? ""}`;
    demand(3, getComputedStyle(part)[property], backdrop(part.parentElement), name);
  }
}

// Call sites may get any of these.
const root = getComputedStyle(document.documentElement);
for (let index = 0; index <= 8; index += 1) {
  for (const ground of ["--panel", "--bg"]) {
    const back = colour(root.getPropertyValue(ground));
    demand(3, root.getPropertyValue(`--c${index}`), back, `--c${index} on ${ground}`);
  }
}
return [...problems];
