import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, millis, parseDuration } from '../../domain/time.ts';
import { celText, durationText, textMatching } from './text.ts';

describe('textMatching', () => {
  it('says in words what to write instead', () => {
    const result = textMatching(/^[a-z]+$/, 'must be lower-case letters', { max: 9 }).safeParse('A');

    expect(result.error?.issues[0]?.message).toBe('must be lower-case letters');
  });

  it('carries the same pattern and words as a CEL rule', () => {
    const text = textMatching(/^\/[a-z]+$/, 'must be a path', { max: 9 });

    expect(text.meta()).toEqual({
      'x-kubernetes-validations': [{ rule: "self.matches(r'^/[a-z]+$')", message: 'must be a path' }],
    });
  });

  it('keeps its rule when it is described', () => {
    const text = textMatching(/^a$/, 'must be a', { max: 9 }).describe('A letter.');

    expect(text.meta()).toMatchObject({ description: 'A letter.', 'x-kubernetes-validations': [{}] });
  });
});

describe('celText', () => {
  it('refuses a pattern that would end the CEL string', () => {
    expect(() => celText(/^'$/)).toThrow('cannot be written as a CEL raw string');
  });
});

describe('durationText', () => {
  it('accepts what the parser of durations understands', () => {
    const schema = durationText();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999 * 3_600_000 }), (value) => {
        const text = formatDuration(millis(value));
        expect(text === '' || schema.safeParse(text).success).toBe(true);
      }),
    );
  });

  it('accepts nothing that the parser of durations does not understand', () => {
    const schema = durationText();
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9hms.\- ]{0,8}$/), (text) => {
        expect(!schema.safeParse(text).success || parseDuration(text) !== undefined).toBe(true);
      }),
    );
  });

  it('names the shortest and the longest that are allowed', () => {
    const rules = durationText('1s', '5m').meta()?.['x-kubernetes-validations'];

    expect(rules).toContainEqual(expect.objectContaining({ message: 'must be 1s or longer' }));
    expect(rules).toContainEqual({
      rule: expect.stringContaining("duration(self) <= duration('5m')") as unknown,
      message: 'must be 5m or shorter',
    });
  });
});
