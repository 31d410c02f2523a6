/** Server-sent events of a call, as the gateway writes them: each with one line of data, which is JSON. */

export interface Event {
  /** "" for a chunk. */
  name: string;
  data: string;
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let name = "";
  for await (const line of readLines(body)) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) yield { name, data: line.slice(6) };
    else name = "";
  }
}

/** A chunk for people: text as it is, anything else on a line of its own. */
export function readableChunk(data: string): string {
  return data.startsWith('"') ? String(JSON.parse(data)) : `${data}\n`;
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pieces: string[] = []; // of a line that has not ended
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const [first = "", ...others] = decoder.decode(value, { stream: true }).split("\n");
    pieces.push(first);
    for (const other of others) {
      yield pieces.join("");
      pieces = [other];
    }
  }
}
