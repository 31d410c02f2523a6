/** Closes an open `<details class="menu">` on Escape and on a click elsewhere. */

export function installMenus(): void {
  document.addEventListener("click", (event) => closeAllBut(event.target as Node | null));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    closeAllBut(null);
    open?.querySelector("summary")?.focus();
  });
}

function closeAllBut(kept: Node | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!kept || !menu.contains(kept)) menu.open = false;
  }
}
