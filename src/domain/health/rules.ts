/** Reads the thresholds and times out of a RegionHealth's spec; says which field cannot be used and why. */
import type { RegionHealthSpec } from '../../api/v1alpha1/region-health.ts';
import { type Millis, millis, parseDuration, seconds } from '../time.ts';
import type { RegionRules, ZoneThreshold } from './evidence.ts';
import type { Timing } from './hysteresis.ts';

export interface HealthRules {
  readonly region: RegionRules;
  readonly timing: Timing;
  /** Time from the start of one observation to the start of the next. */
  readonly interval: Millis;
  /** Longest wait for a probe. */
  readonly probePatience: Millis;
  /** Longest wait for the API server. */
  readonly controlPlanePatience: Millis;
}

export type RulesOutcome =
  | { readonly kind: 'rules'; readonly rules: HealthRules }
  | { readonly kind: 'invalid'; readonly message: string };

/** Shorter intervals would make the observer itself a load on what it watches. */
const SHORTEST_INTERVAL = millis(500);
/**
 * An observation lasts as long as its slowest probe. With more, that of a lost region would be cut off before it
 * ends, again and again, and nothing would ever be concluded. Admission refuses more; objects that are older than
 * that limit go on being observed.
 */
const LONGEST_PROBE = seconds(30);
/** A probe of a nearby port may be given 100 ms; a TLS handshake with a far API server needs more. */
const USUAL_CONTROL_PLANE_PATIENCE = seconds(2);
/**
 * Who looks more often than this wants to know exactly when a region was lost. A control plane that does not
 * answer puts off the next look, and with it the moment a loss is dated to, so it is given no longer than that.
 */
const EXACT_BELOW = seconds(1);
/** Observations that may be missed in a row before ages start anew. */
const MISSABLE = 3;

export function rulesOf(spec: RegionHealthSpec): RulesOutcome {
  const problems: string[] = [];
  const read = (field: string, text: string, shortest: Millis): Millis => {
    const value = parseDuration(text);
    if (value !== undefined && value >= shortest) return value;
    problems.push(
      value === undefined
        ? `${field}: "${text}" is not a duration such as 30s`
        : `${field}: must be at least ${shortest} ms`,
    );
    return millis(0);
  };
  const interval = read('spec.interval', spec.interval, SHORTEST_INTERVAL);
  const probeTimeout = read('spec.probeTimeout', spec.probeTimeout, millis(1));
  const probePatience = millis(Math.min(probeTimeout, LONGEST_PROBE));
  const failFor = read('spec.failure.for', spec.failure.for, millis(0));
  const recoverAfter = read('spec.failure.recoverAfter', spec.failure.recoverAfter, millis(0));
  const { maxLatency } = spec.failure;
  const latency =
    maxLatency === undefined ? undefined : read('spec.failure.maxLatency', maxLatency, millis(1));
  const zones = readThreshold(spec.failure.zones);
  if (zones === undefined)
    problems.push(
      `spec.failure.zones: "${spec.failure.zones}" is neither a number from 1 up nor a percentage from 1% to 100%`,
    );
  if (zones === undefined || problems.length > 0) return { kind: 'invalid', message: problems.join('; ') };
  const forControlPlane = interval < EXACT_BELOW ? interval : USUAL_CONTROL_PLANE_PATIENCE;
  const controlPlanePatience = millis(Math.max(probePatience, forControlPlane));
  const maxGap = millis(MISSABLE * (interval + Math.max(probePatience, USUAL_CONTROL_PLANE_PATIENCE)));
  const minReadyPercent = Number(spec.failure.minReadyNodes.replace('%', ''));
  return {
    kind: 'rules',
    rules: {
      region: { zones, minReadyPercent, maxLatency: latency },
      timing: { failFor, recoverAfter, maxGap },
      interval,
      probePatience,
      controlPlanePatience,
    },
  };
}

function readThreshold(zones: number | string): ZoneThreshold | undefined {
  const match = /^(\d{1,3})(%?)$/.exec(String(zones));
  if (match === null) return undefined;
  const value = Number(match[1]);
  if (value < 1) return undefined;
  if (match[2] === '') return { kind: 'count', count: value };
  return value <= 100 ? { kind: 'percent', percent: value } : undefined;
}
