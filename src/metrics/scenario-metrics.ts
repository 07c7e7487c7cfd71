/** Metrics of scenarios: objectives against reality, replication. Ages are computed when scraped. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { isAhead } from '../domain/protection/point-age.ts';
import { type Clock, elapsed, type Instant, type Millis, millis, toSeconds } from '../domain/time.ts';

/** What is known of one scenario's protection, for the gauges; ages are computed when scraped. */
export interface ScenarioFacts {
  readonly rpo: Millis;
  readonly rto: Millis;
  /** As of when the newest verified recovery point is what the source has. */
  readonly currentAsOf: Instant | undefined;
  readonly achievedRpo: Millis | undefined;
  readonly achievedRto: Millis | undefined;
  /** What a failover would typically take now. */
  readonly predictedRto: Millis | undefined;
  readonly lastCapture:
    | { readonly duration: Millis; readonly objects: number; readonly bytes: number }
    | undefined;
}

/** Undefined while there is no point, or nobody knows how old it is. */
function ageAt({ currentAsOf }: ScenarioFacts, now: Instant): Millis | undefined {
  const age = currentAsOf === undefined ? undefined : elapsed(currentAsOf, now);
  return age === undefined || isAhead(age) ? undefined : millis(Math.max(0, age));
}

export function scenarioMetrics(registry: Registry, clock: Clock) {
  const known = new Map<string, ScenarioFacts>();
  const registers = [registry];
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    read: (set: (labels: Record<string, string>, value: number) => void) => void,
  ) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value));
      },
    });
  gauge(
    'antipode_rpo_seconds',
    'Recovery point objective: target; current (time since the newest verified point was known to be what the source has); achieved by the last failover.',
    ['scenario', 'kind'],
    (set) => {
      for (const [scenario, facts] of known) {
        set({ scenario, kind: 'target' }, toSeconds(facts.rpo));
        const age = ageAt(facts, clock.now());
        if (age !== undefined) set({ scenario, kind: 'current' }, toSeconds(age));
        if (facts.achievedRpo !== undefined)
          set({ scenario, kind: 'achieved' }, toSeconds(facts.achievedRpo));
      }
    },
  );
  gauge(
    'antipode_rto_seconds',
    'Recovery time objective: target; predicted (p50 along the critical path); achieved by the last failover.',
    ['scenario', 'kind'],
    (set) => {
      for (const [scenario, facts] of known) {
        set({ scenario, kind: 'target' }, toSeconds(facts.rto));
        if (facts.achievedRto !== undefined)
          set({ scenario, kind: 'achieved' }, toSeconds(facts.achievedRto));
        if (facts.predictedRto !== undefined)
          set({ scenario, kind: 'predicted' }, toSeconds(facts.predictedRto));
      }
    },
  );
  const ofCapture = (
    name: string,
    help: string,
    read: (capture: NonNullable<ScenarioFacts['lastCapture']>) => number,
  ) =>
    gauge(name, help, ['scenario'], (set) => {
      for (const [scenario, { lastCapture }] of known)
        if (lastCapture !== undefined) set({ scenario }, read(lastCapture));
    });
  gauge(
    'antipode_replication_age_seconds',
    'Time since the newest verified recovery point was known to be what the source has.',
    ['scenario'],
    (set) => {
      for (const [scenario, facts] of known) {
        const age = ageAt(facts, clock.now());
        if (age !== undefined) set({ scenario }, toSeconds(age));
      }
    },
  );
  ofCapture(
    'antipode_replication_duration_seconds',
    'Duration of the last capture, verification included.',
    (capture) => toSeconds(capture.duration),
  );
  ofCapture(
    'antipode_replication_objects',
    'Objects in the newest recovery point.',
    (capture) => capture.objects,
  );
  ofCapture('antipode_replication_bytes', 'Size of the newest recovery point.', (capture) => capture.bytes);
  const captures = new Counter({
    name: 'antipode_replication_total',
    help: 'Captures by result.',
    labelNames: ['scenario', 'result'],
    registers,
  });
  return {
    scenario: (scenario: string, facts: ScenarioFacts) => void known.set(scenario, facts),
    forgetScenario: (scenario: string) => void known.delete(scenario),
    capture: (scenario: string, result: 'succeeded' | 'unchanged' | 'failed') =>
      captures.inc({ scenario, result }),
  };
}
