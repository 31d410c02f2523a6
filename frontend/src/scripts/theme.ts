/** The switch between light and dark. The choice is kept; static/theme.js applies it before the first paint. */

const KEY = "agora.theme";
const SYSTEM_IS_DARK = window.matchMedia("(prefers-color-scheme: dark)");

export function installThemeSwitch(): void {
  tellOthers();
  SYSTEM_IS_DARK.addEventListener("change", tellOthers);
  document.querySelector(".theme-switch")?.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset["theme"] = theme;
    tellOthers();
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // Storage is off: the choice holds for this page.
    }
  });
}

function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen ? chosen === "dark" : SYSTEM_IS_DARK.matches;
}

/** The style sheet of Swagger UI, on the page of the API, goes by a class of its own. */
function tellOthers(): void {
  document.documentElement.classList.toggle("dark-mode", isDark());
}
