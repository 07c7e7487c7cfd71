/**
 * How fast bytes may be written: one after the other in time, at a rate. The
 * arithmetic is apart and pure; a pace only waits as it says.
 */
import { type Clock, type Millis, millis, seconds, type Tick, tick } from '../domain/time.ts';

/** The most bytes that are sent at once; the rate holds over anything longer. */
export const PACED_CHUNK = 64 * 1024;
/** Between two chunks a connection is silent: who is at the other end, or our own end, takes long silence for its end. */
const LONGEST_SILENCE = seconds(1);

/** A rate shared by everything that is written with the same pace. */
export interface Pace {
  /** Bytes that are to be taken at once. */
  readonly chunk: number;
  /** Resolves when `bytes` may be written. @throws the signal's reason when it aborts first */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

/**
 * The virtual-scheduling form of a leaky bucket (ITU-T I.371): bytes start when
 * those before them are through, and take their share of a second. Nothing is
 * saved up while nothing is written, so no second holds more than the rate and
 * one chunk.
 * @param free when the bytes before these are through; undefined when there were none
 * @param rate bytes per second, above 0
 */
export function schedule(
  free: Tick | undefined,
  now: Tick,
  bytes: number,
  rate: number,
): { readonly wait: Millis; readonly free: Tick } {
  const start = Math.max(free ?? now, now);
  return { wait: millis(start - now), free: tick(start + (bytes / rate) * 1000) };
}

/** @param rate bytes per second */
export function createPace(rate: number, clock: Clock): Pace {
  let free: Tick | undefined;
  return {
    chunk: Math.max(1, Math.min(PACED_CHUNK, Math.floor((rate * LONGEST_SILENCE) / 1000))),
    take: async (bytes, signal) => {
      const next = schedule(free, clock.tick(), bytes, rate);
      free = next.free;
      if (next.wait > 0) await clock.sleep(next.wait, signal);
      else signal.throwIfAborted();
    },
  };
}

/** The chunks of `body`, each when the pace allows it. */
export async function* chunksAtPace(
  body: Uint8Array,
  pace: Pace,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < body.byteLength; offset += pace.chunk) {
    const chunk = body.subarray(offset, offset + pace.chunk);
    await pace.take(chunk.byteLength, signal);
    yield chunk;
  }
}

const UNITS: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Bytes per second of `500Ki`, `20Mi`, `1Gi`, as spec.replication.schedule.maxBandwidth is written; undefined when it is not. */
export function parseBandwidth(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+)(Ki|Mi|Gi)$/.exec(text) ?? [];
  const size = UNITS[unit];
  return digits === undefined || size === undefined ? undefined : Number(digits) * size;
}
