'use strict';

// original-server.js <file of entries> <number of addresses>
//
// A node that serves its list on so many addresses of loopback, and the node list of them. A framework and its ETags
// would only cost processor time: the original's client asks for the whole list each time.
const fs = require('node:fs');
const http = require('node:http');
const { openStore } = require('./original-store');
const { answer } = require('./protocol');

const taskId = 'benchmark';
const [file, addresses] = process.argv.slice(2);

(async () => {
  const store = await openStore();
  await store.insertAll(JSON.parse(fs.readFileSync(file, 'utf8')));

  const urls = [];
  const routes = {
    [`/nodes/${taskId}`]: async () => urls.map(url => ({ data: { url } })),
    [`/task/${taskId}/linktree/all`]: () => store.getAllLinktrees(),
  };
  const respond = async (request, response) => {
    const route = routes[request.url];
    const body = route ? JSON.stringify(await route()) : '';
    response.writeHead(route ? 200 : 404, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  for (let last = 1; last <= Number(addresses); last++) {
    const server = http.createServer(respond);
    await new Promise(resolve => server.listen(0, `127.0.0.${last}`, resolve));
    urls.push(`http://127.0.0.${last}:${server.address().port}`);
  }

  console.log(urls.join(' '));
  await answer({
    change: async changes => {
      for (const entry of JSON.parse(fs.readFileSync(changes, 'utf8')))
        await store.replace(entry);
      return {};
    },
  });
})();
