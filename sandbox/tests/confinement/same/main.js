"use strict";
// The program of which the tests have one in each language: see `compatibility.rs`.
const fs = require("node:fs");
const { Worker } = require("node:worker_threads");

function hashed(bytes, value = 2166136261) {
  for (const byte of bytes) value = Math.imul(value ^ byte, 16777619);
  return value >>> 0;
}

const hex = (value) => value.toString(16).padStart(8, "0");
const say = (...words) => fs.writeSync(1, words.join(" ") + "\n");

function files() {
  fs.mkdirSync("d");
  fs.writeFileSync("d/b", "one");
  fs.writeFileSync("d/a", "three");
  fs.renameSync("d/a", "d/c");
  fs.appendFileSync("d/c", "!");
  const found = fs.readdirSync("d").sort().map((name) => `${name} ${fs.statSync("d/" + name).size},`);
  say("files:", ...found, fs.readFileSync("d/c", "utf8"));
  fs.unlinkSync("d/b"), fs.unlinkSync("d/c"), fs.rmdirSync("d");
  try {
    fs.openSync("d/b");
  } catch (error) {
    say("missing:", error.code);
  }
}

// Runs a function in a thread, and hands what it says to `each` until it ends.
function thread(run, data, each = () => {}) {
  const code = `const { parentPort, workerData } = require("node:worker_threads"); (${run})(parentPort, workerData);`;
  const worker = new Worker(code, { eval: true, workerData: data });
  worker.on("message", each);
  return new Promise((ended, failed) => worker.on("exit", ended).on("error", failed));
}

async function threads() {
  const total = new BigInt64Array(new SharedArrayBuffer(8));
  const add = (port, [total, first]) => {
    for (let i = first; i < 1000; i += 8) Atomics.add(total, 0, BigInt(i * i));
  };
  await Promise.all([...Array(8).keys()].map((first) => thread(add, [total, first])));
  say("threads:", total[0]);
}

function memory() {
  const blocks = new Map();
  for (let i = 1; i <= 200; i++) blocks.set(i, Buffer.alloc(i * 1009, i));
  for (let i = 3; i <= 200; i += 3) blocks.delete(i);
  let kept = 0;
  for (const [i, block] of blocks) {
    const larger = Buffer.concat([block, Buffer.alloc(i * 1009)]);
    if (larger[0] !== i || larger[i * 1009 - 1] !== i) throw new Error("what was in it");
    kept += larger.length;
  }
  const large = Buffer.alloc(64 << 20);
  for (let i = 0; i < large.length; i += 4096) kept += large[i] += 1;
  say("memory:", kept);
}

// There are no pipes within a process here; a thread's messages pass through one of the runtime's own.
async function pipes() {
  let [total, value] = [0, undefined];
  const write = (port) => {
    for (let at = 0; at < 1 << 20; at += 4096) port.postMessage(Uint8Array.from({ length: 4096 }, (_, i) => (at + i) * 7));
  };
  await thread(write, null, (data) => ([total, value] = [total + data.length, hashed(data, value)]));
  say("pipe:", total, hex(value));
}

async function signals() {
  let heard = 0;
  // Listening for a signal alone does not keep the program running.
  const waiting = setInterval(() => {}, 1000);
  for (let i = 0; i < 3; i++) {
    const arrived = new Promise((resolve) => process.once("SIGUSR2", resolve));
    process.kill(process.pid, "SIGUSR2");
    await arrived;
    heard += 1;
  }
  clearInterval(waiting);
  say("signals:", heard);
}

function numbers() {
  let following = 1;
  const all = Array.from({ length: 1000 }, () => (following = (Math.imul(following, 1664525) + 1013904223) >>> 0));
  all.sort((a, b) => a - b);
  say("numbers:", all[0], all[500], all[999], (0.1).toFixed(20), (-2 / 3).toFixed(3));
}

async function clocks() {
  const before = process.hrtime.bigint();
  await new Promise((resolve) => setTimeout(resolve, 2));
  say("clock:", process.hrtime.bigint() - before >= 1000000n ? "later" : "early");
}

async function lines() {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += chunk;
  text.split("\n").slice(0, -1).forEach((line, at) => say(`${at + 1}: ${line}`));
}

async function main() {
  files();
  const data = fs.readFileSync(process.argv[2]);
  say("granted:", data, hex(hashed(data)));
  await threads();
  memory();
  await pipes();
  await signals();
  numbers();
  await clocks();
  await lines();
}

main();
