/**
 * Whether claims can be cut as one group. The group API chooses claims by their
 * labels, and a user's claims are not labelled for it: a group is possible only
 * when labels that are there already choose exactly these.
 */
import type { KubeObject } from '../../api/object.ts';

export type Labels = Readonly<Record<string, string>>;

/**
 * Labels that all of `members` have and no other claim of the namespace has as
 * a whole; undefined when there are none, or a single claim needs no group.
 * @param others all other claims of the namespace
 */
export function groupLabels(
  members: readonly KubeObject[],
  others: readonly KubeObject[],
): Labels | undefined {
  const [first, ...rest] = members;
  if (first === undefined || rest.length === 0) return undefined;
  const common = Object.fromEntries(
    Object.entries(first.metadata.labels ?? {}).filter(([name, value]) =>
      rest.every(({ metadata }) => metadata.labels?.[name] === value),
    ),
  );
  if (Object.keys(common).length === 0) return undefined;
  return others.some((other) => hasAll(other, common)) ? undefined : common;
}

const hasAll = ({ metadata }: KubeObject, labels: Labels): boolean =>
  Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value);
