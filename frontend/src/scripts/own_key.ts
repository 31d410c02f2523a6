/** Fills a key into the page's code, so that it can be copied as it is. The key stays in the page and goes nowhere. */

const PLACE = "YOUR_API_KEY";

export function installOwnKey(): void {
  const field = document.querySelector<HTMLInputElement>("[data-own-key]");
  if (!field) return;
  let shown = PLACE;
  field.addEventListener("input", () => {
    const wanted = field.value.trim() || PLACE;
    for (const text of textsOf(document.querySelector("#code"))) text.data = text.data.replaceAll(shown, wanted);
    shown = wanted;
  });
}

function* textsOf(root: Element | null): Generator<Text> {
  for (const code of root?.querySelectorAll(".code code") ?? []) {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) yield walker.currentNode as Text;
  }
}
