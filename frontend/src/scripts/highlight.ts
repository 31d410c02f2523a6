/**
 * Colours for code, whatever its language: strings and addresses, comments, words of the language, numbers, options of commands.
 * A guess that is right for the short pieces that pages show; the text itself never changes.
 */

const KEYWORDS =
  "as async await break case catch class const continue def del do elif else except export finally for from function if " +
  "import in let new not or and pass raise return throw try var while with yield " +
  "None True False null true false undefined";
const CODE = ".code pre:not(.difference) code, .prose pre code[class^=language-]";
const TOKEN = new RegExp(
  [
    /(?<comment>(?<=^|\s)(?:#|\/\/).*$)/,
    /(?<string>https?:\/\/[^\s"'`]+|"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|(?<![A-Za-z0-9])'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)/,
    new RegExp(`(?<keyword>\\b(?:${KEYWORDS.replaceAll(" ", "|")})\\b|^\\[[\\w.-]+\\]$)`),
    /(?<option>(?<=\s)--?[A-Za-z][\w-]*)/,
    /(?<name>\b[A-Za-z_]\w*(?=\())/,
    /(?<number>\b\d+(?:\.\d+)?\b)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gm",
);

export function colourCode(): void {
  for (const code of document.querySelectorAll<HTMLElement>(CODE)) code.replaceChildren(...colour(code.textContent ?? ""));
}

function colour(text: string): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  let place = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    parts.push(text.slice(place, match.index), token(kind ?? "", match[0]));
    place = match.index + match[0].length;
  }
  return [...parts, text.slice(place)];
}

function token(kind: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = `token-${kind}`;
  element.textContent = text;
  return element;
}
