// How a JavaScript node makes and checks records: node:crypto over JSON.stringify(data), base58 of its own, nothing of the library under test.
'use strict';
const crypto = require('node:crypto');

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const PRIVATE_KEY_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex'); // RFC 8410: PKCS #8 around a seed
const PUBLIC_KEY_PREFIX = Buffer.from('302a300506032b6570032100', 'hex'); // RFC 8410: SubjectPublicKeyInfo around a key

function toBase58(bytes) {
  let number = BigInt('0x' + bytes.toString('hex'));
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = '1' + text;
  }
  return text;
}

function fromBase58(text, length) {
  let number = 0n;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) throw new Error('not base58');
    number = number * 58n + BigInt(digit);
  }
  return Buffer.from(number.toString(16).padStart(length * 2, '0'), 'hex');
}

function sign(data, seedByte) {
  const seed = Buffer.alloc(32, seedByte);
  const privateKey = crypto.createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = crypto.createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY_PREFIX.length);
  const signature = crypto.sign(null, Buffer.from(JSON.stringify(data)), privateKey);
  return { data, publicKey: toBase58(publicKey), signature: toBase58(signature) };
}

function verify(record) {
  const der = Buffer.concat([PUBLIC_KEY_PREFIX, fromBase58(record.publicKey, 32)]);
  const key = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
  return crypto.verify(null, Buffer.from(JSON.stringify(record.data)), key, fromBase58(record.signature, 64));
}

// A profile as the front end writes it, with what the two languages spell differently: emoji, U+2028, a lone surrogate, numbers, index-like keys.
function profile(seedByte, timestamp) {
  return {
    uuid: `uuid-of-${seedByte}`,
    linktree: {
      name: `Zoë ${seedByte} \u{1F680} \u2028\u007f\ud800 <b>&'"\\/`,
      links: [{ label: 'Video', redirectUrl: 'https://example.com/v', key: 'k', isFavorite: true, 10: 'ten', 2: 'two' }],
      numbers: [1e21, 1e-7, 0.1, 123456789012345680000, -0.5, 5e-324],
      choosenLabelTheme: 'label-one',
    },
    timestamp,
  };
}

module.exports = { sign, verify, profile };
