// A JavaScript node in the manner of the newest descendant: node descendant.js <taskId> <peer url>… It says
// "listening <port>" and serves until it is killed. POST /pull makes it pull from its peers once, and answers with the
// number of peers that it read.
//   It probes the root of a peer and drops the peer unless the answer is 200, then reads /linktree/list.
//   It keeps one profile of each author, and looks profiles up by the unsigned username of their envelopes.
'use strict';
const http = require('node:http');
const { verify } = require('./linktrees.js');

const [taskId, ...peers] = process.argv.slice(2);
const profiles = new Map();

function keep(record) {
  if (!record || !record.data || typeof record.publicKey !== 'string' || !verify(record)) return false;
  const held = profiles.get(record.publicKey);
  if (held && held.data.timestamp > record.data.timestamp) return false;
  const takenBy = record.username && [...profiles.values()].find((other) => other.username === record.username);
  if (takenBy && takenBy.publicKey !== record.publicKey) return false;
  profiles.set(record.publicKey, record);
  return true;
}

async function pull() {
  let read = 0;
  for (const peer of peers) {
    if ((await fetch(peer)).status !== 200) continue;
    for (const record of await (await fetch(`${peer}/task/${taskId}/linktree/list`)).json()) keep(record);
    read++;
  }
  return read;
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString());
}

async function answer(request) {
  const path = request.url.replace(`/task/${taskId}`, '');
  const name = path.match(/^\/linktree\/get\/username\/(.+)$/);
  if (path === '/') return [200, { message: 'running' }];
  if (path === '/pull') return [200, { read: await pull() }];
  if (path === '/linktree/list') return [200, [...profiles.values()]];
  if (name) return [200, [...profiles.values()].find((record) => record.username === decodeURIComponent(name[1])) ?? []];
  if (path === '/linktree' && (request.method === 'POST' || request.method === 'PUT')) {
    return keep((await body(request)).payload) ? [200, { message: 'Proof and linktree registered successfully' }] : [409, { error: 'not kept' }];
  }
  return [404, { error: 'not found' }];
}

const server = http.createServer(async (request, response) => {
  if (request.method === 'OPTIONS') {
    const permits = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': 'GET,PUT,POST', 'Access-Control-Allow-Headers': 'content-type' };
    response.writeHead(204, permits).end();
    return;
  }
  const [status, value] = await answer(request);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' }).end(JSON.stringify(value));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
