/** Reads versions out of what programs print about themselves, and judges whether one fits. */

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** How much of the version must be the same. */
export interface VersionRule {
  readonly version: string;
  readonly precision: 'major' | 'minor' | 'exact';
}

/** The first `1.2.3`, `v1.2.3` or `go1.2` in a text; a missing patch counts as 0. */
export function parseVersion(text: string): Version | undefined {
  const found = /(?<![\d.])(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (found === null) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0) };
}

/** @param output whatever the program prints; without a version in it nothing fits */
export function fits(output: string, rule: VersionRule): boolean {
  const has = parseVersion(output);
  const wants = parseVersion(rule.version);
  if (has === undefined || wants === undefined || has.major !== wants.major) return false;
  if (rule.precision === 'major') return true;
  if (has.minor !== wants.minor) return false;
  return rule.precision === 'minor' || has.patch === wants.patch;
}

/** The version after `go ` in a go.mod. */
export function goDirective(goMod: string): string | undefined {
  return /^go (\S+)$/m.exec(goMod)?.[1];
}
