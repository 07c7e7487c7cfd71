/** Reads the probes out of a RegionHealth's spec: what to ask, and which zone the answer speaks for. */
import type { RegionHealthSpec } from '../../api/v1alpha1/region-health.ts';
import type { ProbeTarget } from '../../probes/target.ts';

export interface PlannedProbe {
  readonly name: string;
  /** Undefined: speaks for the region as a whole. */
  readonly zone: string | undefined;
  readonly target: ProbeTarget;
  /** Changes with the target, so that an edited probe starts with an empty history. */
  readonly identity: string;
}

export type ProbePlan =
  | { readonly kind: 'plan'; readonly probes: readonly PlannedProbe[] }
  | { readonly kind: 'invalid'; readonly message: string };

type ProbeSpec = RegionHealthSpec['probes'][number];

export function planProbes(spec: RegionHealthSpec): ProbePlan {
  const probes: PlannedProbe[] = [];
  for (const probe of spec.probes) {
    const target = targetOf(probe);
    if (target === undefined)
      return {
        kind: 'invalid',
        message: `spec.probes[${probe.name}]: needs exactly one of a valid http.url and tcp`,
      };
    const { name, zone } = probe;
    probes.push({ name, zone, target, identity: JSON.stringify([name, probe.http, probe.tcp]) });
  }
  return { kind: 'plan', probes };
}

function targetOf({ http, tcp }: ProbeSpec): ProbeTarget | undefined {
  if (http !== undefined && tcp === undefined && URL.canParse(http.url))
    return { kind: 'http', url: new URL(http.url), expectedStatus: http.expectedStatus };
  if (tcp !== undefined && http === undefined) return { kind: 'tcp', host: tcp.host, port: tcp.port };
  return undefined;
}
