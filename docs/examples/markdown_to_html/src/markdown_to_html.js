"use strict";

const MarkdownIt = require("markdown-it");

const OPTIONS = { breaks: false, linkify: true, typographer: true };

/** Text in, HTML out; or {"markdown": text, ...options}. Throws TypeError for anything else. */
exports.apply = (input) => {
  const { markdown, ...given } = typeof input === "string" ? { markdown: input } : input || {};
  if (typeof markdown !== "string") throw new TypeError('send Markdown as text, or {"markdown": "..."}');
  return new MarkdownIt({ ...checked(given), html: false }).render(markdown);
};

/** The options to render with. Raw HTML is never among them: the output may be put into a page as it is. */
function checked(given) {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in OPTIONS)) throw new TypeError(`there is no option ${name}: use ${Object.keys(OPTIONS).join(", ")}`);
    if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false`);
  }
  return { ...OPTIONS, ...given };
}
