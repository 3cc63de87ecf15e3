"use strict";
// A plugin in JavaScript without any library: how many letters the name of the tip's author has, told the long way round.
//
// It shows the whole of what a plugin must do: read a line, answer a line, and, while it answers a query, ask one itself.

const TARGET = {
  type: "object",
  properties: {
    commit: { type: "string" },
    tree: { type: "string" },
    shallow: { type: "array", items: { type: "string" } },
  },
  required: ["commit", "tree", "shallow"],
};
const DESCRIPTION = {
  queries: [
    {
      name: "letters",
      doc: "Letters in the name of the tip's author.",
      key: TARGET,
      output: { type: "integer" },
      default: true,
      uses: ["git/commit"],
    },
  ],
  configSchema: {
    type: "object",
    properties: { limit: { type: "integer", default: 40 } },
    additionalProperties: false,
  },
  permissions: {},
};

let config = { limit: 40 };
// What was asked and is not answered yet: the id of the request, and whom its answer goes to.
const waiting = new Map();
let asked = 0;

function send(message) {
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
}

// Asks the host a query while the request `parent` is being answered.
function ask(parent, query, key) {
  asked += 1;
  send({ id: asked, method: "engine/query", params: { plugin: "git", query, key, _meta: { parent } } });
  return new Promise((answered) => waiting.set(asked, answered));
}

async function letters(request, key) {
  const answer = await ask(request, "commit", { commit: key.commit });
  if (answer.error) {
    return { error: answer.error };
  }
  const name = answer.result.value.author.name;
  // Characters, not the units of 16 bits that a string's length counts.
  const count = Array.from(name.replaceAll(" ", "")).length;
  const long = { message: "a long name", location: { commit: key.commit } };
  return { result: { value: count, concerns: count > config.limit ? [long] : [] } };
}

const METHODS = {
  initialize: () => {
    const plugin = { publisher: "acme", name: "sample-node", version: "1.0.0" };
    const capabilities = { concurrent: false, maxConcurrent: 1, deterministic: true };
    return { result: { protocol: 1, plugin, capabilities } };
  },
  "plugin/describe": () => ({ result: DESCRIPTION }),
  "plugin/configure": (request, params) => {
    config = { limit: 40, ...params.config };
    const defaultPolicy = `value <= ${config.limit}`;
    return { result: { effectiveConfig: config, uses: ["git/commit"], warnings: [], defaultPolicy } };
  },
  "plugin/query": (request, params) => letters(request, params.key),
  "plugin/ping": () => ({ result: {} }),
  shutdown: () => ({ result: {} }),
};

async function serve(message) {
  const { id, method } = message;
  if (method === undefined) {
    // An answer to something that was asked.
    waiting.get(id)?.(message);
    waiting.delete(id);
  } else if (id !== undefined) {
    const serving = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    const unknown = { error: { code: -32601, message: `no such method: ${method}` } };
    send({ id, ...(serving ? await serving(id, message.params ?? {}) : unknown) });
  }
}

// A message is a line. The module `readline` also ends lines where a name may go on, at U+2028 for one.
let begun = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (begun + text).split("\n");
  begun = lines.pop();
  lines.forEach((line) => serve(JSON.parse(line)));
});
