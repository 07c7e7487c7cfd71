/** Which strategy a scenario asks for, claim by claim. */
import type { VolumeStrategy, VolumesSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';

/**
 * The first exception that fits the claim, else the scenario's strategy.
 * @param claim `namespace/name`, as in the source
 */
export function wishedStrategy(claim: string, spec: VolumesSpec): VolumeStrategy {
  return spec.claims.find((exception) => fits(exception.claim, claim))?.strategy ?? spec.strategy;
}

/** `*` stands for any text, which a name has no `/` in. */
function fits(pattern: string, claim: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return claim === first;
  if (!claim.startsWith(first) || claim.length < first.length + last.length) return false;
  if (!claim.endsWith(last)) return false;
  let rest = claim.slice(first.length, claim.length - last.length);
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at < 0) return false;
    rest = rest.slice(at + part.length);
  }
  return true;
}
