/** The page of a build that goes on: its log, line by line, from wherever the page has it (templates/console/build.html). */

import htmx from "htmx.org";

interface Part {
  start: number;
  text: string;
  end: number;
  attempt: number;
  state: string;
  place: number;
  over: boolean;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Codes from here on are refusals (marketplace/web/live/consumer.py): asking again would change nothing. */
const REFUSED = 4400;

class Follower {
  private end: number;
  private attempt: number;
  private shown: string;
  private over = false;
  private pause = FIRST_PAUSE_MS;

  constructor(
    private readonly root: HTMLElement,
    private readonly log: HTMLElement,
  ) {
    this.end = Number(root.dataset["end"]);
    this.attempt = Number(root.dataset["attempt"]);
    this.shown = `${root.dataset["state"]} ${root.dataset["place"]} ${this.attempt}`;
  }

  follow(): void {
    const address = new URL(this.root.dataset["live"] ?? "", window.location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = `?from=${this.end}&attempt=${this.attempt}`;
    const socket = new WebSocket(address);
    socket.addEventListener("message", (event) => this.take(JSON.parse(String(event.data)) as Part));
    socket.addEventListener("close", (event) => {
      if (!this.over && event.code < REFUSED) this.tryAgain();
    });
  }

  /** Where no WebSocket comes through, the state is still kept up to date, and the whole log shown at the end. */
  private tryAgain(): void {
    if (document.getElementById("build-status")?.hasAttribute("hx-get") === false) {
      window.location.reload();
      return;
    }
    window.setTimeout(() => this.follow(), this.pause);
    this.pause = Math.min(LONGEST_PAUSE_MS, 2 * this.pause);
    this.showState();
  }

  private take(part: Part): void {
    this.pause = FIRST_PAUSE_MS;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    if (part.start !== this.end) this.log.textContent = "";
    this.log.append(part.text);
    this.end = part.end;
    this.attempt = part.attempt;
    this.over = part.over;
    if (part.end > 0) this.showLog();
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
    const state = `${part.state} ${part.place} ${part.attempt}`;
    if (state !== this.shown) this.showState();
    this.shown = state;
  }

  private showLog(): void {
    this.log.parentElement?.removeAttribute("hidden");
    document.getElementById("no-log")?.remove();
  }

  private showState(): void {
    const status = document.getElementById("build-status");
    if (status) htmx.trigger(status, "refresh");
  }
}

for (const root of document.querySelectorAll<HTMLElement>("[data-live]")) {
  const log = document.getElementById("build-log");
  if (log) new Follower(root, log).follow();
}
