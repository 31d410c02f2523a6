/** Calls an algorithm through the gateway, with a short-lived token that the page's server gives. */

import { csrfToken } from "../htmx";
import { readableChunk, readEvents } from "./events";
import type { Body } from "./input";

const TOKEN_RESERVE_SECONDS = 20;

export interface Answer {
  status: number;
  text: string;
  elapsedMs: number;
  callId: string | null;
  /** Micro-credits; null when the gateway did not say. */
  cost: number | null;
}

/** Takes a part of a result, for people to read. */
export type OnChunk = (text: string) => void;

/** The platform would not give a token; the message says why. */
export class Refused extends Error {}

interface Token {
  token: string;
  expires: number;
}

export class Caller {
  private readonly tokens = new Map<string, Token>();

  constructor(
    private readonly target: string,
    private readonly tokenAddress: string,
  ) {}

  /** Calls a version ("" is the latest), paid by that organization ("" is one's own). Throws Refused, TypeError, AbortError. */
  async call(body: Body, version: string, payer: string, onChunk: OnChunk, signal: AbortSignal): Promise<Answer> {
    const answer = await this.send(body, version, payer, onChunk, signal);
    if (answer.status !== 401) return answer;
    this.tokens.delete(payer);
    return this.send(body, version, payer, onChunk, signal);
  }

  private async send(
    body: Body,
    version: string,
    payer: string,
    onChunk: OnChunk,
    signal: AbortSignal,
  ): Promise<Answer> {
    const token = await this.token(payer);
    const start = performance.now();
    const response = await fetch(version ? `${this.target}/${version}` : this.target, {
      method: "POST",
      headers: { Accept: "text/event-stream", Authorization: `Simple ${token}`, "Content-Type": body.type },
      body: body.content,
      credentials: "omit",
      signal,
    });
    const { text, cost } = await readAnswer(response, onChunk);
    return {
      status: response.status,
      text,
      elapsedMs: performance.now() - start,
      callId: response.headers.get("X-Agora-Call-Id"),
      cost,
    };
  }

  private async token(payer: string): Promise<string> {
    const known = this.tokens.get(payer);
    if (known && known.expires - TOKEN_RESERVE_SECONDS > Date.now() / 1000) return known.token;
    const response = await fetch(this.tokenAddress, {
      method: "POST",
      headers: { "X-CSRFToken": csrfToken() },
      body: new URLSearchParams({ payer }),
    });
    if (!response.ok) throw new Refused(explainRefusal(response.status));
    const made = (await response.json()) as Token;
    this.tokens.set(payer, made);
    return made.token;
  }
}

/** The last event is the answer: chunks have gone before it. A call that is refused has no events. Throws TypeError. */
async function readAnswer(response: Response, onChunk: OnChunk): Promise<Pick<Answer, "text" | "cost">> {
  const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
  if (!isStream || !response.body) return { text: await response.text(), cost: null };
  for await (const { name, data } of readEvents(response.body)) {
    if (name === "done" || name === "error") return { text: data, cost: costOf(data) };
    onChunk(readableChunk(data));
  }
  throw new TypeError("the answer broke off");
}

function costOf(data: string): number | null {
  const answer = JSON.parse(data) as { metadata?: { cost?: number } };
  return answer.metadata?.cost ?? null;
}

function explainRefusal(status: number): string {
  if (status === 401 || status === 403) return "You are signed out, or the page is too old: load it again and sign in.";
  if (status === 409) return "This organization asks you for more before you may call for it: open its console to see what.";
  return `The platform gave no right to call (${status}): try again in a moment.`;
}
