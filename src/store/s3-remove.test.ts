import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../clock.ts';
import { s3Store } from './s3.ts';

const { signal } = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const keys = { accessKeyId: base64('me'), secretAccessKey: base64('secret') };

/** A server that answers every removal so, as that of Google does where AWS says 204. */
let server: Server;
let code: string;
beforeEach(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(404, { 'Content-Type': 'application/xml' });
      response.end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no such thing</Message></Error>`,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function storeThere() {
  const { port } = server.address() as AddressInfo;
  const where = {
    bucket: 'points',
    region: 'auto',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
  };
  const spec = { ...where, credentialsSecret: 'dr-bucket' };
  return s3Store(spec, { secrets: async () => keys, clock, random: Math.random });
}

test('removing what is not there is no error, also on a server that says so', async () => {
  code = 'NoSuchKey';
  await expect(storeThere().remove('antipode/points/p.json', signal)).resolves.toBeUndefined();
});

test('removing from a bucket that is not there is one', async () => {
  code = 'NoSuchBucket';
  await expect(storeThere().remove('antipode/points/p.json', signal)).rejects.toMatchObject({
    code: 'StoreNotFound',
  });
});
