/** What is wrong with the hooks of a spec and can be seen without any cluster. Pure. */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { parseDuration } from '../time.ts';

/** As the API server checks labels: an optional prefix, then a name; a value may be empty. */
const LABEL_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Each names the field and what to write instead. */
export function hookProblems({ replication, resources }: DRScenarioSpec): readonly string[] {
  return replication.hooks.flatMap(({ name, namespace, podSelector, timeout }) => {
    const problems: string[] = [];
    const complain = (field: string, message: string) =>
      problems.push(`spec.replication.hooks[${name}].${field} ${message}`);
    // Whoever writes a scenario is not thereby allowed to run programs anywhere in the cluster.
    if (!resources.namespaces.includes(namespace))
      complain(
        'namespace',
        `is ${namespace}, which is not protected: name one of spec.resources.namespaces, as in the source`,
      );
    for (const [label, value] of Object.entries(podSelector))
      if (!LABEL_NAME.test(label) || !LABEL_VALUE.test(value))
        complain('podSelector', `has "${label}: ${value}", which no Pod can have as a label: correct it`);
    const limit = parseDuration(timeout);
    if (limit === undefined || limit <= 0)
      complain('timeout', `is "${timeout}": write a duration above zero such as 30s`);
    return problems;
  });
}
