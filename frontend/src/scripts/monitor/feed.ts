/** Pictures over a WebSocket, which is opened again whenever it breaks. */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const REFUSED = new Map([
  [4401, "You are signed out: load this page again to sign in."],
  [4403, "You may not watch this any more."],
  [4404, "You may not watch this any more."],
  [4429, "Too many pages are watching in your name: close one, and load this page again."],
]);

export interface Watcher {
  onPicture(html: string): void;
  onState(text: string): void;
}

export function watch(path: string, watcher: Watcher, pause = FIRST_PAUSE_MS): void {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const feed = new WebSocket(`${scheme}//${location.host}${path}`);
  let next = pause;
  feed.addEventListener("message", (event: MessageEvent<string>) => {
    const { html } = JSON.parse(event.data) as { html: string | null };
    next = FIRST_PAUSE_MS;
    watcher.onState(html ? "Live." : "The gateways do not answer. This is the picture before.");
    if (html) watcher.onPicture(html);
  });
  feed.addEventListener("close", (event) => {
    const refusal = REFUSED.get(event.code);
    watcher.onState(refusal ?? "The connection broke: trying again. This is the picture before.");
    if (refusal) return;
    window.setTimeout(() => watch(path, watcher, Math.min(LONGEST_PAUSE_MS, 2 * next)), next);
  });
}
