/** Calls an algorithm through the gateway, with a short-lived token that the page's server gives. */

import { csrfToken } from "../htmx";
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

  /** Calls a version ("" is the latest), paid by that organization ("" is one's own). Throws Refused, TypeError. */
  async call(body: Body, version: string, payer: string): Promise<Answer> {
    const answer = await this.send(body, version, payer);
    if (answer.status !== 401) return answer;
    this.tokens.delete(payer);
    return this.send(body, version, payer);
  }

  private async send(body: Body, version: string, payer: string): Promise<Answer> {
    const token = await this.token(payer);
    const start = performance.now();
    const response = await fetch(version ? `${this.target}/${version}` : this.target, {
      method: "POST",
      headers: { Authorization: `Simple ${token}`, "Content-Type": body.type },
      body: body.content,
      credentials: "omit",
    });
    const text = await response.text();
    const cost = response.headers.get("X-Agora-Cost");
    return {
      status: response.status,
      text,
      elapsedMs: performance.now() - start,
      callId: response.headers.get("X-Agora-Call-Id"),
      cost: cost === null ? null : Number(cost),
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

function explainRefusal(status: number): string {
  if (status === 401 || status === 403) return "You are signed out, or the page is too old: load it again and sign in.";
  return `The platform gave no right to call (${status}): try again in a moment.`;
}
