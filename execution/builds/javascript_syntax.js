// Parses the files named as arguments and runs none of them. The first that fails is answered and ends the check
// with status 1. A .js file may be a script (CommonJS) or a module, as Node itself decides by trying.
// Needs the option --experimental-vm-modules.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const vm = require("node:vm");

const WRAPPED = ["exports", "require", "module", "__filename", "__dirname"];

function failure(parse) {
  try {
    parse();
    return null;
  } catch (error) {
    return error;
  }
}

// Only Node's own check prints the line of an error in a module, and only for a file whose name ends in .mjs.
function lineInModule(filename) {
  const copy = path.join(os.homedir(), "checked.mjs");
  fs.copyFileSync(filename, copy);
  const { stderr } = spawnSync(process.execPath, ["--check", copy], { encoding: "utf8" });
  return /checked\.mjs:(\d+)/.exec(stderr)?.[1];
}

function check(filename) {
  const source = fs.readFileSync(filename, "utf8").replace(/^#!/, "//");
  const asScript = () => failure(() => vm.compileFunction(source, WRAPPED, { filename }));
  const asModule = () => failure(() => new vm.SourceTextModule(source, { identifier: filename }));
  if (filename.endsWith(".cjs")) return asScript();
  if (filename.endsWith(".mjs")) return asModule();
  const error = asScript();
  if (error === null) return null;
  const other = asModule();
  return other !== null && /^\s*(import|export)\b/m.test(source) ? other : other && error;
}

for (const filename of process.argv.slice(2)) {
  const error = check(filename);
  if (error === null) continue;
  const place = String(error.stack).split("\n").find((text) => text.startsWith(`${filename}:`));
  const number = place ? place.slice(filename.length + 1) : lineInModule(filename);
  const line = number ? `, line ${number}` : "";
  console.log(`${filename}${line}: ${error.message}`);
  process.exit(1);
}
