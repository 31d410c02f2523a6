/** Keys of the page, as `top` and `less` have them; none while somebody types. */

import type { Rows } from "./rows";

export function installKeys(rows: Rows, filter: HTMLInputElement, hold: HTMLButtonElement): void {
  const keys = new Map<string, () => void>([
    ["j", () => rows.move(1)],
    ["k", () => rows.move(-1)],
    ["x", () => rows.act()],
    ["h", () => hold.click()],
    ["/", () => filter.focus()],
  ]);
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    if (typing && event.key === "Escape") (event.target as HTMLElement).blur();
    const act = keys.get(event.key);
    if (typing || !act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
