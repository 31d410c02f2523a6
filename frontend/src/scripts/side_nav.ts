/** On a phone the console's menu scrolls sideways: brings the entry of this page into sight. */

export function showCurrentPage(): void {
  const current = document.querySelector<HTMLElement>(".side-nav [aria-current=page]");
  const nav = current?.parentElement;
  if (!current || !nav || nav.scrollWidth <= nav.clientWidth) return;
  nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.clientWidth) / 2;
}
