const { spawn, spawnSync } = require("child_process");
const fs = require("fs");

exports.load = () => {
  if (fs.existsSync("fail_load.txt")) throw new Error("no model");
  return { count: 0 };
};

exports.apply = (input, state) => {
  const what = input && typeof input === "object" ? input.do : undefined;
  return what === undefined ? input : actions[what](input, state);
};

const actions = {
  text: () => "tëxt 🍎",
  bytes: () => Buffer.from([0, 255, 10, 128]),
  count: (input, state) => ++state.count,
  raise: () => {
    throw new RangeError("deliberate 🍎");
  },
  exit: () => process.exit(3),
  loop: () => {
    for (;;);
  },
  stream: function* (input) {
    for (let number = 1; number <= input.count; number++) yield number;
  },
  shell: (input) => {
    spawnSync("/bin/sh", ["-c", input.command], { stdio: "inherit" });
    return "done";
  },
  print: (input) => {
    spawnSync("echo", ["from a child"], { stdio: "inherit" });
    for (let line = 0; line < input.mebibytes * 1024; line++) fs.writeSync(1, "x".repeat(1023) + "\n");
    return "printed";
  },
  hog: () => {
    const held = [];
    for (;;) held.push(Buffer.alloc(1 << 20, 1));
  },
  spawn: async () => {
    const failed = new Promise((resolve) => {
      for (let number = 0; number < 2000; number++) spawn("sleep", ["60"]).on("error", () => resolve(number));
    });
    return failed;
  },
};
