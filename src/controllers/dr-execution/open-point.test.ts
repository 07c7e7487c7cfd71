import { expect, it } from 'vitest';
import { InvalidRulesError } from '../../domain/graph/user-rules/compiled.ts';
import { StoreError } from '../../store/store.ts';
import { reasonOf } from './open-point.ts';

it('knows what ends an execution and what it waits for, also of a backup that the rules in force put in no order', () => {
  expect(reasonOf(new StoreError('StoreUnavailable', 'no answer'))).toBe('StoreUnavailable');
  expect(reasonOf(new InvalidRulesError('rule "queue-first" cannot be read'))).toBe('Unplannable');
  expect(reasonOf(new Error('not foreseen'))).toBeUndefined();
});
