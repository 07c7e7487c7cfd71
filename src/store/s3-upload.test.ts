import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../clock.ts';
import { createPace } from './pace.ts';
import { s3Store } from './s3.ts';
import { PART_SIZE } from './s3-upload.ts';
import type { Store } from './store.ts';

const STARTED = `<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>`;
const COMPLETED = `<?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"e2"</ETag></CompleteMultipartUploadResult>`;
const INVALID = `<?xml version="1.0"?><Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters</Message></Error>`;
const KEYS = { accessKeyId: 'me', secretAccessKey: 'secret' };
const secret = Object.fromEntries(
  Object.entries(KEYS).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
);

/** A bucket with a default retention that swallows the second part of every upload, when told to. */
let server: Server;
let asked: string[];
let onSecondPart: (() => void) | undefined;

beforeEach(async () => {
  asked = [];
  onSecondPart = undefined;
  server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://bucket');
    const part = searchParams.get('partNumber');
    asked.push([request.method, part, searchParams.get('uploadId')].filter(Boolean).join(' '));
    const md5 = createHash('md5');
    request.on('data', (bytes: Uint8Array) => md5.update(bytes));
    request.on('end', () => {
      if (part === '2' && onSecondPart !== undefined) return onSecondPart();
      if (request.method === 'PUT' && request.headers['content-md5'] !== md5.digest('base64'))
        return response.writeHead(400).end(INVALID);
      response.writeHead(request.method === 'DELETE' ? 204 : 200, { ETag: '"e1"' });
      response.end(answerTo(searchParams));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function answerTo(parameters: URLSearchParams): string {
  if (parameters.has('uploads')) return STARTED;
  return parameters.has('uploadId') && !parameters.has('partNumber') ? COMPLETED : '';
}

function storeThere(): Store {
  const { port } = server.address() as AddressInfo;
  const spec = {
    bucket: 'points',
    region: 'eu-north-1',
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    credentialsSecret: 'dr-bucket',
  };
  return s3Store(spec, { secrets: async () => secret, clock, random: Math.random });
}

test('an upload that is taken back half-way leaves none of its parts', async () => {
  const store = storeThere();
  const withdrawn = new AbortController();
  onSecondPart = () => withdrawn.abort(new Error('the capture was withdrawn'));

  const sent = store.put('velero/backups/p/p.tar.gz', new Uint8Array(PART_SIZE + 1), withdrawn.signal);

  await expect(sent).rejects.toThrow('the capture was withdrawn');
  expect(asked).toEqual(['POST', 'PUT 1 u1', 'PUT 2 u1', 'DELETE u1']);
});

test('a bucket with a default retention takes bodies whole, at a pace, under a condition and in parts', async () => {
  const store = storeThere();
  const { signal } = new AbortController();
  const body = Buffer.from('a recovery point');

  await store.put('a', body, signal);
  await store.put('b', body, signal, createPace(1_000_000, clock));
  expect(await store.create('c', body, signal)).toBe(true);
  await store.put('d', new Uint8Array(PART_SIZE + 1), signal);

  expect(asked).toEqual(['PUT', 'PUT', 'PUT', 'POST', 'PUT 1 u1', 'PUT 2 u1', 'POST u1']);
});
