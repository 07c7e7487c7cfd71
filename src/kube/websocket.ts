/**
 * WebSocket messages as bytes (RFC 6455), for a client that mostly listens:
 * reads frames however they are cut up, and writes the few that a client must
 * answer with. Knows nothing of connections. There is a client in undici, but it
 * does not tell what a server said when it refused the connection.
 */
import { createHash } from 'node:crypto';
import type { Random } from './backoff.ts';

/** RFC 6455, 1.3: proves that the server understood the request as one for a WebSocket. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** A fresh value of `Sec-WebSocket-Key`. */
export const newKey = (random: Random): string => randomBytes(16, random).toString('base64');

/** What `Sec-WebSocket-Accept` must be for it. */
export const acceptFor = (key: string): string => createHash('sha1').update(`${key}${GUID}`).digest('base64');

// Keeps intermediaries from being fooled, not eavesdroppers out: TLS does that.
const randomBytes = (length: number, random: Random): Buffer =>
  Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export type Message =
  | { readonly kind: 'data'; readonly payload: Buffer }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'pong' }
  /** `code` is 1005 when none was sent. */
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

/** The peer does not keep to the protocol. */
export class WebSocketProtocolError extends Error {
  override readonly name = 'WebSocketProtocolError';
  readonly code = 'WebSocketProtocol';
  readonly retry = 'never';
}

/** Far above what servers send: 32 KiB at a time. */
const LARGEST_MESSAGE = 16 * 1024 * 1024;

/** Turns bytes into messages. Feed it every chunk, in order. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partsLength = 0;

  /** The messages that are complete with this chunk. @throws WebSocketProtocolError */
  push(chunk: Uint8Array): readonly Message[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const messages: Message[] = [];
    for (let next = readFrame(this.#rest); next !== undefined; next = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(next.end);
      const message = this.#message(next);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #message({ opcode, isFinal, payload }: Frame): Message | undefined {
    switch (opcode) {
      case PING:
        return { kind: 'ping', payload };
      case PONG:
        return { kind: 'pong' };
      case CLOSE:
        return closing(payload);
      case TEXT:
      case BINARY:
      case CONTINUATION:
        break;
      default:
        throw new WebSocketProtocolError(`a frame of the unknown kind ${opcode}`);
    }
    if ((opcode === CONTINUATION) !== this.#parts.length > 0)
      throw new WebSocketProtocolError('a message that begins in the middle of another');
    this.#parts.push(payload);
    this.#partsLength += payload.length;
    if (this.#partsLength > LARGEST_MESSAGE) throw new WebSocketProtocolError('a message that is too large');
    if (!isFinal) return undefined;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partsLength = 0;
    return { kind: 'data', payload: whole };
  }
}

interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
  /** Where the next frame begins. */
  readonly end: number;
}

/** @returns undefined when it is not complete yet */
function readFrame(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  if ((first & 0x70) !== 0)
    throw new WebSocketProtocolError('a frame with an extension that was not agreed on');
  if ((second & 0x80) !== 0) throw new WebSocketProtocolError('a masked frame from a server');
  const short = second & 0x7f;
  const start = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < start) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (length > LARGEST_MESSAGE) throw new WebSocketProtocolError('a message that is too large');
  const end = start + length;
  if (bytes.length < end) return undefined;
  return {
    opcode: first & 0x0f,
    isFinal: (first & 0x80) !== 0,
    payload: Buffer.from(bytes.subarray(start, end)),
    end,
  };
}

function closing(payload: Buffer): Message {
  return payload.length < 2
    ? { kind: 'close', code: 1005, reason: '' }
    : { kind: 'close', code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
}

export const pongFrame = (payload: Buffer, random: Random): Buffer => clientFrame(PONG, payload, random);
export const closeFrame = (random: Random): Buffer => clientFrame(CLOSE, Buffer.from([0x03, 0xe8]), random);

/** A client's frame: whole, masked, and short as control frames are. */
function clientFrame(opcode: number, payload: Buffer, random: Random): Buffer {
  const mask = randomBytes(4, random);
  const short = payload.subarray(0, 125);
  const masked = Buffer.from(short.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | short.length]), mask, masked]);
}
