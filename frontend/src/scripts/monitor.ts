/** The page of what runs now: a new picture each second, with filter, order, small charts, and keys for the rows. */

import { Charts } from "./monitor/charts";
import { watch } from "./monitor/feed";
import { installKeys } from "./monitor/keys";
import { Rows } from "./monitor/rows";

const picture = document.querySelector<HTMLElement>("[data-monitor]");
if (picture) install(picture);

function install(picture: HTMLElement): void {
  const filter = document.querySelector<HTMLInputElement>("#monitor-filter")!;
  const hold = document.querySelector<HTMLButtonElement>("[data-monitor-hold]")!;
  const state = document.querySelector<HTMLElement>("[data-monitor-state]")!;
  const rows = new Rows(picture, filter);
  const charts = new Charts(picture);
  const held = () => hold.ariaPressed === "true";

  for (const tool of document.querySelectorAll<HTMLElement>("[data-monitor-tools], [data-monitor-keys]")) {
    tool.hidden = false;
  }
  hold.addEventListener("click", () => (hold.ariaPressed = String(!held())));
  installKeys(rows, filter, hold);
  rows.arrange();
  charts.draw();
  watch(picture.dataset["monitor"]!, {
    onPicture(html) {
      if (held()) return;
      rows.replace(html);
      charts.draw();
    },
    onState: (text) => (state.textContent = text),
  });
}
