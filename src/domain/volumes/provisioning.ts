/** What a Warning about a claim shows: that no volume can be made, or nothing of the kind. Pure. */
import { textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';

/** Of whoever makes volumes; others warn of claims too, e.g. policies. */
const REASON = 'ProvisioningFailed';

/**
 * What does not end the making of a volume: a call that took longer than a sidecar
 * gives it goes on in the driver, and is asked for again. The codes are those that
 * external-provisioner takes for "may be in progress still"; only that there is no
 * room counts, as there may be none in a recovery either. The last is of before the
 * snapshot was ready, which the claim does not wait for.
 */
const GOES_ON =
  /code = (Canceled|DeadlineExceeded|Aborted|Unavailable)\b|deadline exceeded|already in progress|\boperation\b.*\balready exists|\bsnapshot \S+ (is not ready|not bound)/i;

/**
 * @param warnings Events about the claim, oldest first: the last one of whoever makes its volume counts
 * @returns why no volume can be made; undefined when they do not show that
 */
export function refusalAmong(warnings: readonly KubeObject[]): string | undefined {
  const last = warnings.filter((event) => textAt(event, 'reason') === REASON).at(-1);
  const message = textAt(last, 'message');
  return message === undefined || GOES_ON.test(message) ? undefined : message;
}
