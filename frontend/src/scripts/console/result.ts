/** The right pane: the answer, pictures as pictures, or what went wrong. */

import { formatBytes, member, parseTokens, picturesIn, pictureType, render, stringOf, type Node } from "../json";
import type { Answer } from "./call";
import { element, find } from "./input";

const MICRO_CREDITS = 1_000_000;
const LONGEST_COLOURED_CHARACTERS = 200_000;

export class Result {
  private readonly pane: HTMLElement;
  private readonly tools: HTMLElement;
  private readonly facts: HTMLElement;
  private balance: number | null;
  /** Where the parts of a result go that come one by one. */
  private growing: HTMLElement | null = null;

  constructor(root: HTMLElement) {
    this.pane = find(root, "[data-result]");
    this.tools = find(root, "[data-result-tools]");
    this.facts = find(root, "[data-facts]");
    const balance = root.dataset["balance"];
    this.balance = balance === undefined ? null : Number(balance);
  }

  /** Says that a call is on its way: the last answer fades, and stays in place. */
  wait(): void {
    this.growing = null;
    this.pane.classList.add("stale");
    this.pane.ariaBusy = "true";
  }

  /** Adds a part of the result, as it comes. */
  addChunk(text: string): void {
    if (!this.growing) {
      this.growing = code("");
      this.show([this.growing]);
      this.pane.ariaBusy = "true";
    }
    find(this.growing, "code").append(text);
  }

  showAnswer(answer: Answer): void {
    const body = parse(answer.text);
    const error = body && member(body, "error");
    const result = body && member(body, "result");
    this.pane.ariaBusy = "false";
    if (this.growing && error) this.growing.after(...describeFailure(error, answer.status));
    else if (this.growing) this.growing = null;
    else if (error) this.show(describeFailure(error, answer.status));
    else if (result) this.show(describeResult(result, body));
    else this.showProblem("UnexpectedAnswer", `The platform answered ${answer.status} without a result.`);
    this.showFacts(answer, body);
  }

  /** Something that kept the call from being made. */
  showProblem(type: string, message: string): void {
    this.show([failure(type, message, null)]);
    this.facts.replaceChildren(...this.balanceFacts());
  }

  private show(content: (HTMLElement | DocumentFragment)[]): void {
    this.pane.classList.remove("stale");
    this.pane.ariaBusy = "false";
    this.pane.replaceChildren(...content);
    this.pane.scrollTop = 0;
    this.tools.hidden = !this.pane.querySelector("#console-result");
  }

  private showFacts(answer: Answer, body: Node | null): void {
    const facts = [fact("Round trip", formatMs(answer.elapsedMs))];
    const metadata = body && member(body, "metadata");
    const duration = metadata && member(metadata, "duration");
    if (duration?.kind === "leaf") facts.push(fact("Ran", formatMs(Number(duration.text) * 1000)));
    if (answer.cost !== null) facts.push(fact("Cost", `${formatCredits(answer.cost)} credits`, "money"));
    if (answer.cost !== null && this.balance !== null) this.balance -= answer.cost;
    if (answer.callId) facts.push(callIdFact(answer.callId));
    this.facts.replaceChildren(...facts, ...this.balanceFacts());
  }

  private balanceFacts(): HTMLElement[] {
    return this.balance === null ? [] : [fact("Your balance", `${formatCredits(this.balance)} credits`, "money")];
  }
}

function parse(text: string): Node | null {
  try {
    return parseTokens(text);
  } catch {
    return null;
  }
}

function describeResult(result: Node, body: Node): (HTMLElement | DocumentFragment)[] {
  const metadata = member(body, "metadata");
  const type = stringOf(metadata && member(metadata, "content_type"));
  const text = stringOf(result);
  if (type === "binary" && text !== null) return describeBytes(text);
  if (type === "text" && text !== null) return [code(text)];
  const pictures = picturesIn(result);
  return [...(pictures.length ? [gallery(pictures)] : []), code(colour(result))];
}

function describeBytes(base64: string): HTMLElement[] {
  const type = pictureType(base64) ?? "application/octet-stream";
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type }));
  link.download = `result.${type === "application/octet-stream" ? "bin" : type.split("/")[1]}`;
  link.textContent = `Save the ${formatBytes(bytes.length)}`;
  const line = element("p", "small");
  line.append(link);
  return type.startsWith("image/") ? [gallery([base64]), line] : [line];
}

function colour(result: Node): DocumentFragment | string {
  const drawn = render(result);
  // Tens of thousands of coloured spans would make the page slow: the text alone then.
  return (drawn.textContent?.length ?? 0) > LONGEST_COLOURED_CHARACTERS ? (drawn.textContent ?? "") : drawn;
}

function code(content: DocumentFragment | string): HTMLElement {
  const pre = document.createElement("pre");
  const inner = document.createElement("code");
  inner.id = "console-result";
  inner.append(content);
  pre.append(inner);
  return pre;
}

function gallery(pictures: string[]): HTMLElement {
  const list = element("div", "result-gallery");
  for (const [index, picture] of pictures.entries()) {
    const image = document.createElement("img");
    image.className = "result-picture";
    image.src = `data:${pictureType(picture) ?? ""};base64,${picture}`;
    image.alt = `Picture ${index + 1} of the result`;
    list.append(image);
  }
  return list;
}

function describeFailure(error: Node, status: number): HTMLElement[] {
  const type = stringOf(member(error, "error_type")) ?? `Error ${status}`;
  const message = stringOf(member(error, "message")) ?? "The call failed.";
  return [failure(type, message, stringOf(member(error, "stacktrace")))];
}

function failure(type: string, message: string, stackTrace: string | null): HTMLElement {
  const block = element("div", "failure");
  const badge = element("span", "badge badge-bad");
  badge.textContent = type;
  const text = element("p", "");
  text.textContent = message;
  block.append(badge, text);
  if (stackTrace) block.append(traceOf(stackTrace));
  return block;
}

function traceOf(stackTrace: string): HTMLElement {
  const details = document.createElement("details");
  details.open = true;
  const summary = document.createElement("summary");
  summary.textContent = "Stack trace";
  const pre = document.createElement("pre");
  pre.textContent = stackTrace;
  details.append(summary, pre);
  return details;
}

function fact(name: string, value: string, className = ""): HTMLElement {
  const group = document.createElement("div");
  const term = document.createElement("dt");
  term.textContent = name;
  const description = element("dd", className);
  description.textContent = value;
  group.append(term, description);
  return group;
}

function callIdFact(id: string): HTMLElement {
  const made = fact("Call", `${id.slice(0, 8)}…${id.slice(-4)}`, "mono");
  made.title = id;
  const tools = document.querySelector<HTMLElement>("[data-result-tools] .copy")?.cloneNode(true) as HTMLElement;
  delete tools.dataset["copy"];
  tools.dataset["copyText"] = id;
  tools.ariaLabel = "Copy the call's id";
  made.querySelector("dd")?.append(tools);
  return made;
}

function formatMs(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds >= 10 ? `${Math.round(milliseconds)} ms` : `${milliseconds.toFixed(2).replace(/0$/, "")} ms`;
}

function formatCredits(microCredits: number): string {
  if (microCredits > 0 && microCredits < 100) return "<0.0001";
  const credits = microCredits / MICRO_CREDITS;
  return credits.toLocaleString("en", { maximumFractionDigits: 4 });
}
