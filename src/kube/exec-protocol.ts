/**
 * What a Pod's `exec` says over its WebSocket: each message begins with the
 * number of a channel, and the last one on the error channel is a Status that
 * tells how the program ended. Pure: bytes in, result out.
 *
 * `v4.channel.k8s.io` is asked for. Version 5 adds only how a client ends the
 * program's input, which is never given here, and servers before 1.30 do not
 * know it.
 */
import { arrayAt, numberAt, textAt } from '../api/fields.ts';
import { parseFields } from './wire.ts';

export const EXEC_PROTOCOL = 'v4.channel.k8s.io';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

/** Bytes of output that are kept: the end says why a program failed. */
export const KEPT_OUTPUT = 1024;

export type ExecEnd =
  | { readonly kind: 'exited'; readonly code: number }
  /** It could not be started, e.g. because there is no such program; in the words of the container runtime. */
  | { readonly kind: 'not-started'; readonly message: string };

/** Takes in messages until there is an end. */
export class ExecReader {
  #stdout: Buffer = Buffer.alloc(0);
  #stderr: Buffer = Buffer.alloc(0);
  #end: ExecEnd | undefined;

  /** Undefined while the program runs. */
  get end(): ExecEnd | undefined {
    return this.#end;
  }

  /** The end of what it wrote as errors, or else of what it wrote at all. */
  get output(): string {
    return lastWords(this.#stderr.length > 0 ? this.#stderr : this.#stdout);
  }

  push(message: Buffer): void {
    const content = message.subarray(1);
    const channel = message.length === 0 ? STDIN : message.readUInt8(0);
    switch (channel) {
      case STDOUT:
        this.#stdout = tail(this.#stdout, content);
        break;
      case STDERR:
        this.#stderr = tail(this.#stderr, content);
        break;
      case STATUS:
        // Servers open every channel with an empty message.
        if (content.length > 0) this.#end = endOf(content.toString('utf8'));
        break;
      default:
        break;
    }
  }
}

function tail(before: Buffer, more: Buffer): Buffer {
  const whole = Buffer.concat([before, more]);
  return whole.length <= KEPT_OUTPUT ? whole : whole.subarray(whole.length - KEPT_OUTPUT);
}

/** A character that was cut in two at the beginning is left out, and what moves the cursor becomes space. */
function lastWords(bytes: Buffer): string {
  return bytes
    .toString('utf8')
    .replace(/^\uFFFD+/, '')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

function endOf(text: string): ExecEnd {
  const status = parseFields(text);
  if (textAt(status, 'status') === 'Success') return { kind: 'exited', code: 0 };
  const message = textAt(status, 'message') ?? 'the server does not say why';
  if (textAt(status, 'reason') !== 'NonZeroExitCode') return { kind: 'not-started', message };
  const cause = arrayAt(status, 'details', 'causes').find((one) => textAt(one, 'reason') === 'ExitCode');
  const code = Number(textAt(cause, 'message') ?? numberAt(cause, 'message') ?? Number.NaN);
  return Number.isInteger(code) ? { kind: 'exited', code } : { kind: 'not-started', message };
}
