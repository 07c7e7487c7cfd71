/** What a running operator tells of itself, read from its metrics and from the kernel. */
import type { Operator } from '../../hack/harness/operator.ts';

export interface Sample {
  /** Milliseconds of the process's clock. */
  readonly at: number;
  readonly mebibytes: number;
  /** Seconds of processor time since its start. */
  readonly cpu: number;
  /** Seconds since the newest point of each scenario was known to be what its source has. */
  readonly ages: readonly number[];
  /** Captures that succeeded or found nothing new, since the start. */
  readonly captures: number;
  /** Requests since the start, by cluster. */
  readonly requests: ReadonlyMap<string, number>;
}

/** @throws when the operator does not answer */
export async function sampleOf(operator: Operator): Promise<Sample> {
  const series = parse(await operator.metrics());
  const of = (name: string): readonly Series[] => series.filter((one) => one.name === name);
  const requests = new Map<string, number>();
  for (const { labels, value } of of('antipode_client_request_duration_seconds_count')) {
    const cluster = labels.get('cluster') ?? '';
    requests.set(cluster, (requests.get(cluster) ?? 0) + value);
  }
  const captures = of('antipode_replication_total').filter(({ labels }) => labels.get('result') !== 'failed');
  return {
    at: performance.now(),
    mebibytes: await operator.memory(),
    cpu: sum(of('antipode_process_cpu_seconds_total')),
    ages: of('antipode_replication_age_seconds').map(({ value }) => value),
    captures: sum(captures),
    requests,
  };
}

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const sum = (series: readonly Series[]): number => series.reduce((total, { value }) => total + value, 0);

/** Prometheus' text format, as far as the operator writes it. */
function parse(text: string): readonly Series[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(
      ([, label = '', content = '']) => [label, content] as const,
    );
    return { name, labels: new Map(pairs), value: Number(value) };
  });
}
