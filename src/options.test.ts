import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.ts';

const required = ['--namespace', 'antipode', '--identity', 'pod-1'];

describe('the command line', () => {
  it('needs no more than a namespace and an identity', () => {
    expect(parseOptions(required)).toMatchObject({
      kind: 'options',
      options: {
        namespace: 'antipode',
        identity: 'pod-1',
        listen: { host: undefined, port: 8080 },
        lease: { duration: 15_000 },
      },
    });
  });

  it.each([
    [['--identity', 'x'], '--namespace is required'],
    [['--namespace', 'x'], '--identity is required'],
    [[...required, '--listen', '8080'], '--listen is "8080": write HOST:PORT'],
    [[...required, '--listen', '::1:8080'], '[IPV6]:PORT'],
    [[...required, '--log-level', 'loud'], '--log-level is "loud"'],
    [[...required, '--lease-duration', '1s'], '--lease-duration must exceed --lease-renew-deadline'],
    [[...required, '--lease-duration', 'soon'], 'durations such as 15s'],
    [[...required, '--nonsense'], '--nonsense'],
  ])('says what is wrong with %j', (args, message) => {
    const parsed = parseOptions(args);
    expect(parsed.kind).toBe('invalid');
    expect(parsed.kind === 'invalid' && parsed.message).toContain(message);
  });

  it('explains itself when asked', () => {
    expect(parseOptions(['--help'])).toMatchObject({ kind: 'help' });
  });
});
