/* Runs before the first paint, so that a chosen theme never flashes. The switch itself is in src/scripts/theme.ts. */
(function () {
  try {
    var theme = localStorage.getItem("agora.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    /* Storage is off: the system's preference stands. */
  }
  document.documentElement.classList.add("js");
})();
