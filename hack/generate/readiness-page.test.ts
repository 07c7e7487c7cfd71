import { describe, expect, it } from 'vitest';
import {
  KIND_CONDITIONS,
  SIGN_CONDITIONS,
  SIGN_FIELDS,
} from '../../src/domain/graph/readiness/known-signs.ts';
import { kindReadiness } from '../../src/domain/graph/readiness.ts';
import { readinessPage } from './readiness-page.ts';

describe('readinessPage', () => {
  const page = readinessPage({
    kinds: kindReadiness,
    conditions: SIGN_CONDITIONS,
    kindConditions: KIND_CONDITIONS,
    fields: SIGN_FIELDS,
  });

  it('has a row for each rule, and each rule a sentence', () => {
    for (const { kinds, sentence } of kindReadiness) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(page).toContain(`| ${kinds.map((kind) => `\`${kind}\``).join(', ')} | ${sentence} |`);
    }
  });

  it('names the signs of custom resources', () => {
    expect(page).toContain('| `Cluster.postgresql.cnpg.io` | `status.phase` is `Cluster in healthy state` |');
    expect(page).toContain(
      '| `RabbitmqCluster.rabbitmq.com` | the conditions `AllReplicasReady`, `ClusterAvailable` |',
    );
    expect(page).toContain('| `status.health` is `green` or `yellow` |');
    for (const condition of SIGN_CONDITIONS) expect(page).toContain(`\`${condition}\``);
  });
});
