/** Marks the link of `<nav class="section-nav">` whose section is at the top of the window. */

const TOP_OF_VIEW_PX = 200;

export function installSectionNav(): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".section-nav a")];
  if (!links.length) return;
  const mark = () => markCurrent(links);
  addEventListener("scroll", mark, { passive: true });
  mark();
}

function markCurrent(links: HTMLAnchorElement[]): void {
  const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
  const atEnd = scrollTop > 0 && scrollTop + clientHeight >= scrollHeight - 1;
  const passed = links.filter((link) => topOf(link) <= TOP_OF_VIEW_PX);
  const current = (atEnd ? links : passed).at(-1) ?? links[0];
  for (const link of links) link.ariaCurrent = link === current ? "location" : null;
}

function topOf(link: HTMLAnchorElement): number {
  return document.querySelector(link.hash)?.getBoundingClientRect().top ?? Infinity;
}
