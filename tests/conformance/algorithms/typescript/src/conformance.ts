import { spawn, spawnSync } from "child_process";
import * as fs from "fs";

interface State {
  count: number;
}

export function load(): State {
  if (fs.existsSync("fail_load.txt")) throw new Error("no model");
  return { count: 0 };
}

export function apply(input: any, state: State): unknown {
  const what: keyof typeof actions | undefined = input && typeof input === "object" ? input.do : undefined;
  return what === undefined ? input : actions[what](input, state);
}

const actions = {
  text: () => "tëxt 🍎",
  bytes: () => Buffer.from([0, 255, 10, 128]),
  count: (_: unknown, state: State) => ++state.count,
  raise: () => {
    throw new RangeError("deliberate 🍎");
  },
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
  stream: async function* (input: { count: number }) {
    for (let number = 1; number <= input.count; number++) yield number;
  },
  print: (input: { mebibytes: number }) => {
    spawnSync("echo", ["from a child"], { stdio: "inherit" });
    for (let line = 0; line < input.mebibytes * 1024; line++) fs.writeSync(1, "x".repeat(1023) + "\n");
    return "printed";
  },
  hog: () => {
    const held: Buffer[] = [];
    for (;;) held.push(Buffer.alloc(1 << 20, 1));
  },
  spawn: () =>
    new Promise((resolve) => {
      for (let number = 0; number < 2000; number++) spawn("sleep", ["60"]).on("error", () => resolve(number));
    }),
};
