import { describe, expect, it } from 'vitest';
import { ExecReader, KEPT_OUTPUT } from './exec-protocol.ts';

const message = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);

function readerAfter(...messages: readonly (readonly [number, string])[]): ExecReader {
  const reader = new ExecReader();
  for (const [channel, text] of messages) reader.push(message(channel, text));
  return reader;
}

// As kubelets of Kubernetes 1.35 send them.
const success = '{"metadata":{},"status":"Success"}';
const failed =
  '{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status 7","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}';
const missing =
  '{"metadata":{},"status":"Failure","message":"error executing command in container: exec: \\"fsfreeze\\": executable file not found in $PATH","reason":"InternalError","details":{"causes":[{"message":"x"}]},"code":500}';

describe('what an exec says', () => {
  it('is nothing before the status, which empty messages are not', () => {
    expect(readerAfter([1, ''], [2, ''], [3, ''], [1, 'working']).end).toBeUndefined();
  });

  it('is the code it ended with', () => {
    expect(readerAfter([3, success]).end).toEqual({ kind: 'exited', code: 0 });
    expect(readerAfter([2, 'no space'], [3, failed]).end).toEqual({ kind: 'exited', code: 7 });
  });

  it('is why it could not be started', () => {
    expect(readerAfter([3, missing]).end).toEqual({
      kind: 'not-started',
      message: expect.stringContaining('executable file not found'),
    });
    expect(readerAfter([3, 'not json']).end).toMatchObject({ kind: 'not-started' });
  });

  it('is the end of its errors, on one line, or else of its output', () => {
    expect(readerAfter([1, 'out'], [2, 'first\nsecond\u001b[0m\n'], [3, failed]).output).toBe(
      'first second [0m',
    );
    expect(readerAfter([1, 'out'], [2, ''], [3, failed]).output).toBe('out');
    const long = readerAfter([2, 'x'.repeat(3000)], [2, `${'é'.repeat(600)}end`]).output;
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(KEPT_OUTPUT);
    expect(long).toMatch(/^é+end$/);
  });
});
