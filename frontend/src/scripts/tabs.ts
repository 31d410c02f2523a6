/**
 * Tabs over panels that are all in the page: `<div role="tablist">` of `<button role="tab" aria-controls="panel">`.
 * Without JavaScript every panel shows, one under the other.
 */

export function installTabs(): void {
  for (const list of document.querySelectorAll<HTMLElement>("[role=tablist]")) installTabList(list);
}

function installTabList(list: HTMLElement): void {
  const tabs = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const first = tabs.find((tab) => tab.ariaSelected === "true") ?? tabs[0];
  if (first) select(first, tabs);
  for (const tab of tabs) tab.addEventListener("click", () => select(tab, tabs));
  list.addEventListener("keydown", (event) => move(event, tabs));
}

function select(chosen: HTMLElement, tabs: HTMLElement[]): void {
  for (const tab of tabs) {
    tab.ariaSelected = String(tab === chosen);
    tab.tabIndex = tab === chosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel) panel.hidden = tab !== chosen;
  }
}

function move(event: KeyboardEvent, tabs: HTMLElement[]): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const current = tabs.findIndex((tab) => tab.ariaSelected === "true");
  const next = tabs[(current + step + tabs.length) % tabs.length];
  if (!next) return;
  select(next, tabs);
  next.focus();
}
