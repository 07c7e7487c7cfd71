import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { orAborted } from './deadline.ts';
import { exec } from './exec.ts';
import type { Transport, UpgradedSocket } from './transport.ts';
import { acceptFor } from './websocket.ts';

const never = new AbortController().signal;

function execThrough(upgrade: Transport['upgrade']) {
  const clock = manualClock();
  const unexpected = (): never => {
    throw new Error('a call that this test does not know');
  };
  const transport: Transport = {
    cluster: 'eu-west',
    host: 'eu-west.test',
    call: unexpected,
    stream: unexpected,
    refusals: () => 0,
    upgrade,
    close: unexpected,
    renew: unexpected,
  };
  const request = { container: 'db', command: ['thaw'], timeout: seconds(5) };
  const result = exec(
    { transport, clock, random: () => 0 },
    { namespace: 'shop', name: 'db-0' },
    request,
    never,
  );
  return { result, clock };
}

test('a program that nobody answered for in time may not have begun: another try may help', async () => {
  const { result, clock } = execThrough((_request, _how, signal) =>
    orAborted(new Promise<never>(() => {}), signal),
  );
  const [failure] = await Promise.all([result.catch((error: unknown) => error), clock.advance(seconds(5))]);
  expect(failure).toMatchObject({
    code: 'Unreachable',
    retry: 'backoff',
    message: 'eu-west: cannot exec Pod shop/db-0: no answer within 5s',
  });
});

test('a program that was begun and takes too long has timed out', async () => {
  const { result, clock } = execThrough(
    async (_request, { headers }): Promise<UpgradedSocket> => ({
      kind: 'upgraded',
      socket: new PassThrough(),
      headers: {
        'sec-websocket-accept': acceptFor(headers['sec-websocket-key'] ?? ''),
        'sec-websocket-protocol': headers['sec-websocket-protocol'],
      },
    }),
  );
  await clock.advance(seconds(5));
  expect(await result).toEqual({ kind: 'timed-out', output: '' });
});
