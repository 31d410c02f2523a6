/**
 * JSON for the eye, without parsing numbers: what a program wrote is what is shown, a 64-bit integer to its last digit.
 */

const TOKEN = /"(?:\\.|[^"\\])*"|[{}[\],:]|[^\s{}[\],:"]+/g;
const INLINE_CHARACTERS = 68;
const PICTURE_STARTS: Record<string, string> = {
  "/9j/": "image/jpeg",
  iVBORw0KGgo: "image/png",
  R0lGOD: "image/gif",
  UklGR: "image/webp",
};
const SMALLEST_PICTURE_CHARACTERS = 64;

type Leaf = { kind: "leaf"; text: string };
type Group = { kind: "group"; open: "{" | "["; members: { key: string | null; value: Node }[] };
export type Node = Leaf | Group;

/** A tree of a JSON text's tokens. Throws a SyntaxError for what is not JSON. */
export function parseTokens(text: string): Node {
  JSON.parse(text);
  const tokens = text.match(TOKEN) ?? [];
  let place = 0;

  function read(): Node {
    const token = tokens[place++] ?? "null";
    if (token !== "{" && token !== "[") return { kind: "leaf", text: token };
    const group: Group = { kind: "group", open: token, members: [] };
    const end = token === "{" ? "}" : "]";
    while (tokens[place] !== end) {
      if (tokens[place] === ",") place++;
      const key = token === "{" ? (tokens[place] ?? "") : null;
      if (key !== null) place += 2;
      group.members.push({ key, value: read() });
    }
    place++;
    return group;
  }

  return read();
}

/** The value of a member of an object, or null. */
export function member(node: Node, name: string): Node | null {
  if (node.kind !== "group") return null;
  return node.members.find(({ key }) => key !== null && JSON.parse(key) === name)?.value ?? null;
}

/** The text of a leaf that is a string; null for anything else. */
export function stringOf(node: Node | null): string | null {
  return node?.kind === "leaf" && node.text.startsWith('"') ? (JSON.parse(node.text) as string) : null;
}

/** The type of a picture that stands as base64 in a string, or null. */
export function pictureType(text: string): string | null {
  if (text.length < SMALLEST_PICTURE_CHARACTERS) return null;
  const start = Object.keys(PICTURE_STARTS).find((each) => text.startsWith(each));
  return start && /^[A-Za-z0-9+/=_-]+$/.test(text) ? (PICTURE_STARTS[start] ?? null) : null;
}

/** Every picture in a tree, in order. */
export function picturesIn(node: Node): string[] {
  if (node.kind === "group") return node.members.flatMap(({ value }) => picturesIn(value));
  const text = stringOf(node);
  return text !== null && pictureType(text) ? [text] : [];
}

/** Indented, coloured elements of a tree; short groups stay on one line, and pictures are named instead of shown. */
export function render(node: Node, indent = ""): DocumentFragment {
  const fragment = document.createDocumentFragment();
  if (node.kind === "leaf") {
    fragment.append(renderLeaf(node.text));
  } else if (isShort(node)) {
    renderGroup(fragment, node, node.open === "{" && node.members.length ? " " : "", ", ", indent);
  } else {
    renderGroup(fragment, node, `\n${indent}  `, `,\n${indent}  `, `${indent}  `, `\n${indent}`);
  }
  return fragment;
}

function renderGroup(target: DocumentFragment, group: Group, start: string, between: string, indent: string, end = start): void {
  target.append(group.open, start);
  group.members.forEach(({ key, value }, index) => {
    if (index) target.append(between);
    if (key !== null) target.append(span("json-key", key), ": ");
    target.append(render(value, indent));
  });
  target.append(end, group.open === "{" ? "}" : "]");
}

function renderLeaf(text: string): HTMLElement {
  if (!text.startsWith('"')) return span(/^[tfn]/.test(text) ? "json-literal" : "json-number", text);
  const content = text.slice(1, -1);
  return pictureType(content)
    ? span("json-note", `"picture, ${sizeOfBase64(content)}"`)
    : span("json-string", text);
}

function isShort(group: Group): boolean {
  return flatLength(group) <= INLINE_CHARACTERS;
}

function flatLength(node: Node): number {
  if (node.kind === "leaf") return node.text.length;
  return node.members.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + flatLength(value) + 4, 2);
}

function sizeOfBase64(text: string): string {
  return formatBytes(Math.floor((text.replace(/=+$/, "").length * 3) / 4));
}

/** `512 B`, `1.5 KiB`. */
export function formatBytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const unit = size < 1024 ** 2 ? "KiB" : "MiB";
  const amount = size / (unit === "KiB" ? 1024 : 1024 ** 2);
  return `${amount < 10 ? amount.toFixed(1).replace(/\.0$/, "") : Math.round(amount)} ${unit}`;
}

function span(className: string, text: string): HTMLElement {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
