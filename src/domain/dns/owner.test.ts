import { describe, expect, test } from 'vitest';
import { claimNames, explainStillness, parseClaim } from './owner.ts';

const ours = 'service/dr/antipode-shop-test-1234';
const ownClaims = [{ record: 'a-shop.test', owner: 'dr', resource: ours }];

describe('a TXT record of external-dns', () => {
  test('says who owns a name and for which object', () => {
    const text = `"heritage=external-dns,external-dns/owner=region-a,external-dns/resource=ingress/shop/web"`;
    expect(parseClaim('a-shop.test', text)).toEqual({
      record: 'a-shop.test',
      owner: 'region-a',
      resource: 'ingress/shop/web',
    });
  });

  test('is told from any other TXT record', () => {
    expect(parseClaim('shop.test', 'v=spf1 -all')).toBeUndefined();
    expect(parseClaim('shop.test', 'heritage=other,external-dns/owner=x')).toBeUndefined();
  });

  test('is looked for under the names of every record type and the bare one', () => {
    expect(claimNames('shop.test')).toEqual([
      'a-shop.test',
      'aaaa-shop.test',
      'cname-shop.test',
      'shop.test',
    ]);
  });
});

describe('a name that does not follow its announcement', () => {
  test('is explained by the other owner that holds it', () => {
    const claims = [{ record: 'a-shop.test', owner: 'region-a', resource: 'ingress/shop/web' }];
    const why = explainStillness(claims, ours, 'addresses');
    expect(why).toContain('held by external-dns owner "region-a" for ingress/shop/web (TXT a-shop.test)');
    expect(why).toContain('--txt-owner-id');
  });

  test('is explained by an external-dns that has not published yet', () => {
    const why = explainStillness(ownClaims, ours, 'alias');
    expect(why).toContain('not published');
    expect(why).not.toContain('proxy');
  });

  test('is explained by either that or a proxy where addresses are served, without a claim that it has moved', () => {
    expect(explainStillness(ownClaims, ours, 'addresses')).toMatch(
      /either has not published the change yet.*or it has, and a proxy.*where the name leads is not known/,
    );
  });

  test('is explained by a record made by hand', () => {
    expect(explainStillness([], ours, 'addresses')).toContain('made by hand');
  });

  test('is explained by nobody publishing it', () => {
    expect(explainStillness([], ours, 'nothing')).toContain('--source=service');
  });
});
