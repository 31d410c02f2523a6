/** Buttons that copy: `<button class="copy" data-copy="id of an element">`, or data-copy-text="the text". */

const COPIED_SHOWN_MS = 1600;

export function installCopyButtons(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element | null)?.closest<HTMLElement>("[data-copy], [data-copy-text]");
    if (button) void copy(button);
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const text = button.dataset["copyText"] ?? document.getElementById(button.dataset["copy"] ?? "")?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text.trim());
  } catch {
    copyBySelection(text.trim());
  }
  button.dataset["copied"] = "";
  window.setTimeout(() => delete button.dataset["copied"], COPIED_SHOWN_MS);
}

/** Where the clipboard is not offered: pages that came over plain HTTP. */
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
