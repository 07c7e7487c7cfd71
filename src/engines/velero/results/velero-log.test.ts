import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Store, StoreError } from '../../../store/store.ts';
import { lastErrors, withLog } from './velero-log.ts';

const said = (...lines: readonly string[]) => lastErrors(gzipSync(lines.map((line) => `${line}\n`).join('')));
const info =
  'time="2026-01-02T03:04:05Z" level=info msg="Backed up 7 items" logSource="pkg/backup/backup.go:1"';
const error = (msg: string, rest = '') =>
  `time="2026-01-02T03:04:05Z" level=error msg="${msg}" backup=velero/b ${rest}logSource="pkg/backup/backup.go:1"`;

describe('the errors of a log', () => {
  test('are what Velero says, without where and when', async () => {
    expect(
      await said(info, error('Error backing up item', 'error="no class for \\"ebs\\"" name=data ')),
    ).toEqual(['Error backing up item: no class for "ebs"']);
  });

  test('are read from JSON too', async () => {
    const line = { level: 'error', msg: 'Error backing up item', 'error.message': 'no class' };

    expect(await said(JSON.stringify({ ...line, level: 'warning' }), JSON.stringify(line), '{odd')).toEqual([
      'Error backing up item: no class',
    ]);
  });

  test('are the last three that differ', async () => {
    expect(await said(...['a', 'b', 'c', 'd', 'b'].map((msg) => error(msg)))).toEqual(['c', 'd', 'b']);
  });

  test('are short', async () => {
    const [only = ''] = await said(error('too long '.repeat(200)));

    expect(only.length).toBeLessThan(310);
  });

  test('hold nothing that may be a part of an object', async () => {
    const json = 'denied: {\\"data\\":{\\"password\\":\\"hunter2\\"}}';

    expect(await said(error(json))).toEqual(['denied: …']);
  });

  test('are those up to where the log was cut off', async () => {
    const noise = Array.from({ length: 5000 }, (__, index) => `${info} ${index * 7919}`);
    const whole = gzipSync([error('early'), ...noise].join('\n'));

    expect(await lastErrors(whole.subarray(0, whole.byteLength / 2))).toEqual(['early']);
    expect(await lastErrors(Buffer.from('not packed'))).toEqual([]);
  });
});

describe('a reason', () => {
  const { signal } = new AbortController();
  const storeWith = (get: () => Promise<Uint8Array | undefined>): Store => {
    const unexpected = (): never => {
      throw new Error('only read');
    };
    const calls = { put: unexpected, create: unexpected, copy: unexpected, list: unexpected };
    return { location: 's3://points', ...calls, remove: unexpected, get };
  };
  const told = (get: () => Promise<Uint8Array | undefined>) =>
    withLog('it failed: no class', 'log', storeWith(get), signal);

  test('comes first, and what the log has besides it after', async () => {
    const log = gzipSync([error('no class'), error('no bucket')].join('\n'));

    expect(await told(async () => log)).toBe('it failed: no class; the last errors of its log: no bucket');
  });

  test('is not told twice where the log has it with the plugin that failed', async () => {
    const log = gzipSync(error('no class, plugin: velero.io/csi-pvc-backupper'));

    expect(await told(async () => log)).toBe('it failed: no class');
  });

  test('stands alone where there is no log, and is not lost with one that cannot be read', async () => {
    expect(await told(async () => undefined)).toBe('it failed: no class');
    const away = new StoreError('StoreUnavailable', 's3://points: no route');
    expect(await told(() => Promise.reject(away))).toBe(
      'it failed: no class; its log cannot be read: s3://points: no route',
    );
  });
});
