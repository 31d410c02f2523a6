/** On a phone menus and tabs scroll sideways: brings the entry of this page into sight. */

const CURRENT = ".side-nav [aria-current=page], nav.tabs [aria-current=page]";

export function showCurrentEntries(): void {
  for (const current of document.querySelectorAll<HTMLElement>(CURRENT)) {
    const nav = current.parentElement;
    if (!nav || nav.scrollWidth <= nav.clientWidth) continue;
    nav.scrollLeft = current.offsetLeft - nav.offsetLeft - (nav.clientWidth - current.clientWidth) / 2;
  }
}
