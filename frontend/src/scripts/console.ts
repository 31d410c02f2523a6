/** The "try it" console on an algorithm's page (templates/store/console.html). */

import { Caller, Refused } from "./console/call";
import { Input, InputError, find } from "./console/input";
import { Result } from "./console/result";

function install(root: HTMLElement): void {
  const input = new Input(root);
  const run = root.querySelector<HTMLButtonElement>("[data-run]");
  if (!run) return;
  const stop = find(root, "[data-stop]");
  const result = new Result(root);
  let stopping: AbortController | null = null;
  const caller = new Caller(root.dataset["target"] ?? "", root.dataset["token"] ?? "");

  async function call(): Promise<void> {
    if (run?.disabled) return;
    stopping = new AbortController();
    setRunning(true);
    try {
      const body = input.body();
      result.wait();
      const onChunk = (text: string) => result.addChunk(text);
      result.showAnswer(await caller.call(body, choice(root, "version"), choice(root, "payer"), onChunk, stopping.signal));
    } catch (error) {
      explain(error, result);
    } finally {
      setRunning(false);
    }
  }

  function setRunning(running: boolean): void {
    if (!run) return;
    run.disabled = running;
    find(run, "span").textContent = running ? "Running" : "Run";
    stop.hidden = !running;
  }

  run.addEventListener("click", () => void call());
  stop.addEventListener("click", () => stopping?.abort());
  root.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void call();
    }
  });
}

function choice(root: HTMLElement, name: string): string {
  return root.querySelector<HTMLSelectElement>(`select[name=${name}]`)?.value ?? "";
}

function explain(error: unknown, result: Result): void {
  if (error instanceof InputError) result.showProblem("Input", error.message);
  else if (error instanceof DOMException && error.name === "AbortError") result.showProblem("Stopped", "You stopped waiting.");
  else if (error instanceof Refused) result.showProblem("Not allowed", error.message);
  else if (error instanceof TypeError) result.showProblem("No answer", "The platform cannot be reached: try again.");
  else throw error;
}

for (const root of document.querySelectorAll<HTMLElement>(".console")) install(root);
