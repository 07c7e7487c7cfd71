/**
 * Whose a point in a store is. Several operators may share a bucket, each with
 * a scenario of the same name: a claim says, before anything of a point is
 * written, who writes it, and only who wrote a point may remove it.
 */
import { z } from 'zod';
import { fromRfc3339, type Instant } from '../../../domain/time.ts';
import { type Store, StoreError } from '../../../store/store.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import { claimKey } from './layout.ts';

/** Who writes to a store. */
export interface Owner extends ScenarioIdentity {
  /** Uid of the objective cluster; undefined when it is not known. */
  readonly objective?: string | undefined;
}

const record = z.object({
  scenario: z.object({ namespace: z.string(), name: z.string(), uid: z.string().optional() }),
  objective: z.string().optional(),
});
type OwnedRecord = z.infer<typeof record>;

const claim = record.extend({ startedAt: z.string() });

/**
 * Whether a claim or manifest is this owner's: of the same scenario, also when
 * that was deleted and made again, in the same objective cluster. What a
 * scenario of the same name in another cluster wrote is somebody else's.
 */
export function isOwn({ scenario, objective }: OwnedRecord, owner: Owner): boolean {
  if (scenario.namespace !== owner.namespace || scenario.name !== owner.name) return false;
  if (scenario.uid !== undefined && scenario.uid === owner.uid) return true;
  return objective !== undefined && objective === owner.objective;
}

/** @param startedAt RFC 3339 */
export function claimBody(startedAt: string, { namespace, name, uid, objective }: Owner): Uint8Array {
  const mine = objective === undefined ? {} : { objective };
  return Buffer.from(`${JSON.stringify({ startedAt, scenario: { namespace, name, uid }, ...mine })}\n`);
}

/**
 * Takes a name for a point that is about to be written. Of several writers one
 * gets it, on a server without conditional writes the last.
 * @throws StoreError when another one has it; then nothing of that name may be touched
 */
export async function claimName(
  store: Store,
  name: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const created = await store.create(claimKey(name), body, signal);
  if (!created) await confirmClaim(store, name, body, signal);
}

/** @throws StoreError when the claim is not, or no longer, this one */
export async function confirmClaim(
  store: Store,
  name: string,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const found = await store.get(claimKey(name), signal);
  if (found !== undefined && Buffer.compare(found, body) === 0) return;
  throw new StoreError(
    'StoreBusy',
    `another operator writes a recovery point ${name} to ${store.location}: give each its own spec.replication.store.s3.prefix; the next capture uses another name`,
  );
}

/**
 * When the capture that a claim speaks of began; undefined when the claim is
 * not this owner's or cannot be read.
 */
export function claimedAt(body: Uint8Array, owner: Owner): Instant | undefined {
  const parsed = claim.safeParse(parseJson(body));
  return parsed.success && isOwn(parsed.data, owner) ? fromRfc3339(parsed.data.startedAt) : undefined;
}

/** @returns undefined when it is no JSON: whoever asks says what it was of. */
export function parseJson(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return value;
  } catch {
    return undefined;
  }
}
