// Hands over what axe-core finds on the page, one sentence each, and whatever makes a heading ambiguous.
const done = arguments[arguments.length - 1];
axe.run(document).then(({ violations }) => {
  const sentence = ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`;
  const headings = document.querySelectorAll("h1").length;
  const problems = violations.map(sentence);
  if (headings !== 1) problems.push(`${headings} headings of the first level`);
  done(problems);
}, (error) => done([String(error)]));
