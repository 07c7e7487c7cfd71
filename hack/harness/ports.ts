/** A loopback port that was free a moment ago, for a program that may come back on it after a kill. */
import { holdPort } from '../lab/processes/ports.ts';

/** From below the range of outgoing connections: one of those could else sit on it while nothing listens. */
export async function freePort(): Promise<number> {
  const held = await holdPort();
  await held.release();
  return held.port;
}
