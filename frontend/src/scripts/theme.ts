/** The switch between light and dark. The choice is kept; static/theme.js applies it before the first paint. */

const KEY = "agora.theme";

export function installThemeSwitch(): void {
  document.querySelector(".theme-switch")?.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage is off: the choice holds for this page.
    }
  });
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
}
