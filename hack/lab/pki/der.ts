/**
 * The little of DER (ITU-T X.690) that an X.509 certificate needs, as pure
 * functions from values to bytes. It is here because Node can read
 * certificates but not make them, and the lab should not depend on whichever
 * openssl a machine has.
 */

const CONSTRUCTED = 0x20;
const CONTEXT = 0x80;

export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x10 | CONSTRUCTED, Buffer.concat(parts));
}

export function set(...parts: readonly Buffer[]): Buffer {
  return element(0x11 | CONSTRUCTED, Buffer.concat(parts));
}

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  // Shortest form, with a zero in front where the top bit would read as a minus sign.
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const short = bytes.subarray(start);
  const negative = ((short[0] ?? 0) & 0x80) !== 0;
  return element(0x02, negative ? Buffer.concat([Buffer.from([0]), short]) : short);
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

export function octetString(content: Buffer): Buffer {
  return element(0x04, content);
}

/** @param unused bits at the end of the last byte that do not count, 0 to 7 */
export function bitString(content: Buffer, unused = 0): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([unused]), content]));
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, 'utf8'));
}

/** An object identifier from its dotted form, e.g. `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime up to 2049 and GeneralizedTime after, as RFC 5280 section 4.1.2.5 demands. */
export function time(epochMilliseconds: number): Buffer {
  const digits = new Date(epochMilliseconds).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`, 'ascii'))
    : element(0x18, Buffer.from(`${digits}Z`, 'ascii'));
}

/** `[tag] EXPLICIT` around whole elements. */
export function explicit(tag: number, content: Buffer): Buffer {
  return element(CONTEXT | CONSTRUCTED | tag, content);
}

/** `[tag] IMPLICIT` in place of a primitive's own tag. */
export function implicit(tag: number, content: Buffer): Buffer {
  return element(CONTEXT | tag, content);
}

function element(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function base128(value: number): number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.unshift(0x80 | (rest % 128));
  }
  return bytes;
}
