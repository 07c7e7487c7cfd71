import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptFor, closeFrame, MessageReader, pongFrame, WebSocketProtocolError } from './websocket.ts';

/** A server's frame. */
function frame(opcode: number, payload: Buffer, isFinal = true): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const length = Buffer.alloc(payload.length < 65_536 ? 4 : 10);
  length[0] = first;
  if (payload.length < 65_536) {
    length[1] = 126;
    length.writeUInt16BE(payload.length, 2);
  } else {
    length[1] = 127;
    length.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([length, payload]);
}

const bytes = (...values: readonly number[]): Buffer => Buffer.from(values);

describe('reading messages', () => {
  it('finds the same messages however the bytes are cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((payload) => frame(2, Buffer.from(payload))));
        const reader = new MessageReader();
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn += 1) {
          const size = cuts[turn % cuts.length] ?? 1;
          for (const message of reader.push(stream.subarray(at, at + size)))
            if (message.kind === 'data') seen.push(message.payload);
          at += size;
        }
        expect(seen).toEqual(sent.map((payload) => Buffer.from(payload)));
      }),
    );
  });

  it('reads long messages', () => {
    for (const length of [125, 126, 65_535, 65_536]) {
      const [message] = new MessageReader().push(frame(2, Buffer.alloc(length, 7)));
      expect(message?.kind === 'data' && message.payload.length).toBe(length);
    }
  });

  it('puts the fragments of a message together, with a ping between them', () => {
    const reader = new MessageReader();
    const seen = reader.push(
      Buffer.concat([
        frame(2, bytes(1), false),
        frame(9, bytes(9)),
        frame(0, bytes(2), false),
        frame(0, bytes(3)),
      ]),
    );
    expect(seen).toEqual([
      { kind: 'ping', payload: bytes(9) },
      { kind: 'data', payload: bytes(1, 2, 3) },
    ]);
  });

  it('reads why the server closes', () => {
    const closing = Buffer.concat([bytes(0x03, 0xeb), Buffer.from('no')]);
    expect(new MessageReader().push(frame(8, closing))).toEqual([
      { kind: 'close', code: 1003, reason: 'no' },
    ]);
    expect(new MessageReader().push(frame(8, bytes()))).toEqual([{ kind: 'close', code: 1005, reason: '' }]);
  });

  it.each([
    ['masked frames', bytes(0x82, 0x80, 0, 0, 0, 0)],
    ['extensions', bytes(0xc2, 0)],
    ['unknown frames', bytes(0x83, 0)],
    ['a continuation of nothing', bytes(0x80, 0)],
    ['endless messages', bytes(0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0)],
  ])('refuses %s', (_, sent) => {
    expect(() => new MessageReader().push(sent)).toThrow(WebSocketProtocolError);
  });
});

describe('writing', () => {
  it('masks what a client sends', () => {
    const random = () => 0.5;
    expect(pongFrame(bytes(1, 2), random)).toEqual(bytes(0x8a, 0x82, 128, 128, 128, 128, 129, 130));
    expect(closeFrame(() => 0)).toEqual(bytes(0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8));
  });

  it('knows the answer to a key, by the example of RFC 6455, 1.3', () => {
    expect(acceptFor('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });
});
