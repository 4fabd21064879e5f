// A JavaScript node: node peer.js <taskId> <form>. It says "listening <port>" and serves until it is killed.
//   keyed  /all with keys; among good records one forged, one stripped to its data, and null
//   bare   only /list, with every record twice; 404 as plain text elsewhere
//   empty  /all is [] as text/html
'use strict';
const http = require('node:http');
const { sign, profile } = require('./linktrees.js');

const [taskId, form] = process.argv.slice(2);
const base = `/task/${taskId}/linktree`;
const good = [1, 2, 3, 4, 5].map((seedByte) => sign(profile(seedByte, 1703802587522 + seedByte), seedByte));
const forged = { ...sign(profile(6, 1703802587522), 6), data: profile(6, 1703802587523) };
const keyed = (record) => ({ key: `linktree:${record.publicKey}`, value: record });

const answers = {
  keyed: { [`${base}/all`]: ['application/json', [...good.map(keyed), keyed(forged), { key: 'linktree:x', value: good[0].data }, null]] },
  bare: { [`${base}/list`]: ['application/json', [...good, ...good].map((record) => ({ ...record, username: 'unsigned' }))] },
  empty: { [`${base}/all`]: ['text/html', []] },
}[form];

const server = http.createServer((request, response) => {
  const answer = answers[request.url];
  if (!answer) {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found');
    return;
  }
  response.writeHead(200, { 'Content-Type': `${answer[0]}; charset=utf-8` }).end(JSON.stringify(answer[1]));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
