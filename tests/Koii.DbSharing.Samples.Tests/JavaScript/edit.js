// A front end in a browser on another origin: node edit.js <url of the node> <taskId> <method> <seedByte> <timestamp>
// <uuid> <name> <username>. As a browser does, it sends the preflight request first, and stops where the answer does not
// permit the request or its own answer may not be read. It prints what it saw.
'use strict';
const { sign } = require('./linktrees.js');

const origin = 'https://front.example';

async function main() {
  const [url, taskId, method, seedByte, timestamp, uuid, name, username] = process.argv.slice(2);
  const base = `${url}/task/${taskId}/linktree`;
  const preflight = await fetch(base, {
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'content-type' },
  });
  const allows = (header) => (preflight.headers.get(header) ?? '').split(',').map((item) => item.trim().toLowerCase());
  const permitted = preflight.ok && preflight.headers.get('Access-Control-Allow-Origin') === '*'
    && allows('Access-Control-Allow-Methods').includes(method.toLowerCase())
    && allows('Access-Control-Allow-Headers').some((header) => header === '*' || header === 'content-type');
  if (!permitted) throw new Error(`The preflight request was answered ${preflight.status}.`);

  const data = { uuid, linktree: { name, links: [], linktreeAddress: username, choosenLabelTheme: 'label-one' }, timestamp: Number(timestamp) };
  const record = { ...sign(data, Number(seedByte)), username };
  const response = await fetch(base, {
    method, headers: { Origin: origin, 'Content-Type': 'application/json' }, body: JSON.stringify({ payload: record }),
  });
  const list = await fetch(`${base}/list`, { headers: { Origin: origin } });
  console.log(JSON.stringify({
    status: response.status,
    readable: [response, list].every((answer) => answer.headers.get('Access-Control-Allow-Origin') === '*'),
    registered: (await response.json()).message === 'Proof and linktree registered successfully',
    names: (await list.json()).map((entry) => entry.data.linktree.name),
  }));
}

main();
