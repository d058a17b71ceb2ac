// Draws ../dashboard.json with what a running Prometheus answers, as a PNG file: ../README.md says how.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { ask } from './prometheus.js';

const HERE = import.meta.dirname;
const WIDTH = 1440;
/** Pixels of a row of Grafana's grid, with what is between two. */
const ROW = 38;

const [prometheus, file, minutes = '15'] = process.argv.slice(2);
if (!file) {
  console.error('usage: npm run draw -- http://127.0.0.1:9090 FILE.png [MINUTES]');
  process.exit(2);
}
const { panels } = JSON.parse(readFileSync(join(HERE, '../dashboard.json'), 'utf8'));
const to = Date.now();
const span = { from: to - Number(minutes) * 60_000, to };
const answers = await Promise.all(panels.map((panel) => ask(prometheus, panel, span)));
const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
try {
  writePage(folder, { panels, answers, span });
  const shown = screenshot(join(folder, 'index.html'), resolve(file));
  const missing = panels.filter(({ title }) => !shown.includes(`>${title}<`));
  if (missing.length > 0) throw new Error(`not drawn: ${missing.map(({ title }) => title).join(', ')}`);
} finally {
  rmSync(folder, { recursive: true });
}

/** Writes a page that draws what it is told. */
function writePage(folder, told) {
  buildSync({
    entryPoints: [join(HERE, 'page.jsx')],
    outfile: join(folder, 'page.js'),
    bundle: true,
    jsx: 'automatic',
    // Of the fonts, that of text is used.
    loader: { '.woff2': 'dataurl', '.ttf': 'empty' },
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    logLevel: 'error',
  });
  mkdirSync(join(folder, 'public'));
  // Where the components look for their icons.
  symlinkSync(join(HERE, 'node_modules/@grafana/ui/dist/public'), join(folder, 'public/build'));
  writeFileSync(join(folder, 'told.js'), `window.told = ${JSON.stringify(told)}`);
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html>
<meta charset="utf-8">
<link rel="stylesheet" href="page.css">
<body><script src="told.js"></script><script src="page.js"></script>`,
  );
}

/** Takes a picture of a page, and returns what is on it as HTML. */
function screenshot(page, file) {
  const rows = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const chromium = [
    '--headless',
    // As root, as in a container, there is none; the page is our own.
    '--no-sandbox',
    '--hide-scrollbars',
    '--allow-file-access-from-files',
    `--window-size=${WIDTH},${rows * ROW + 8}`,
    '--virtual-time-budget=20000',
    '--dump-dom',
    `--screenshot=${file}`,
    page,
  ];
  return execFileSync('chromium', chromium, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
