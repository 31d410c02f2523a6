/** htmx, set up for a strict content security policy and Django's protection of forms. */

import htmx from "htmx.org";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0;
htmx.config.refreshOnHistoryMiss = true;

/** The token that Django wants with every request that changes something; the layout puts it into <body>. */
export function csrfToken(): string {
  return document.body.dataset["csrf"] ?? "";
}

document.addEventListener("htmx:configRequest", (event) => {
  const { headers, verb } = (event as CustomEvent<{ headers: Record<string, string>; verb: string }>).detail;
  if (verb !== "get") headers["X-CSRFToken"] = csrfToken();
});
