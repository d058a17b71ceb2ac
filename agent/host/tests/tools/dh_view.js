// Has the script of DHAT's viewer build its tree, without a page, and prints the sums at its root.
const { readFileSync } = require('node:fs');
const { runInNewContext } = require('node:vm');

const [viewer, file] = process.argv.slice(1);
const script = `${readFileSync(viewer, 'utf8')}
gSelect = { childNodes: Object.assign([{}], { entries: () => [] }), selectedIndex: 0 };
gData = told;
buildTree();
const { _totalBytes, _totalBlocks, _atTEndBytes, _atTEndBlocks } = gRoot;
'[' + [_totalBytes, _totalBlocks, _atTEndBytes, _atTEndBlocks].join(', ') + ']';`;
console.log(runInNewContext(script, { document: {}, window: {}, told: JSON.parse(readFileSync(file, 'utf8')) }));
