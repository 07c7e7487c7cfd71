/**
 * Replay as people picture it: waves. Units of one wave need only units of
 * earlier ones. Replay itself does not wait for a whole wave: each unit starts
 * as soon as what it needs is ready, so a wave is the earliest it can be in.
 */
import { components } from '../topology.ts';
import { append } from '../units.ts';

export interface WaveInput {
  readonly units: readonly { readonly id: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** The wave of each unit, from 1, in an order in which every unit comes after those it needs. */
export function wavesOf({ units, edges }: WaveInput): ReadonlyMap<string, number> {
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) append(needs, from, to);
  const ids = units.map(({ id }) => id);
  const waves = new Map<string, number>();
  for (const id of components(ids, needs).flat()) {
    const before = (needs.get(id) ?? []).map((need) => waves.get(need) ?? 0);
    waves.set(id, 1 + before.reduce((most, wave) => Math.max(most, wave), 0));
  }
  return waves;
}

/** Unit ids by wave, earliest first, each wave in the order of `units`. */
export function byWave(graph: WaveInput): readonly (readonly string[])[] {
  const waves = wavesOf(graph);
  const lists: string[][] = [];
  for (const { id } of graph.units) {
    const index = (waves.get(id) ?? 1) - 1;
    const list = (lists[index] ??= []);
    list.push(id);
  }
  return lists;
}
