import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refKey } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import { worldOf } from '../world.ts';
import { hostOf, hostsIn, hostsInCommand, serviceNamed } from './host-names.ts';

const found = (text: string) => hostsIn(text).map(({ matched }) => matched);

describe('hostsIn', () => {
  it.each([
    ['http://orders.shop.svc:8080', ['orders.shop.svc:8080']],
    ['postgres://u:p@db/orders', ['db']],
    ['jdbc:postgresql://db:5432/orders?sslmode=off', ['db:5432']],
    ['mongodb://u:p@m-0.m:27017,m-1.m:27017/x', ['m-0.m:27017', 'm-1.m:27017']],
    ['redis:6379', ['redis:6379']],
    ['kafka-0.kafka:9092,kafka-1.kafka:9092', ['kafka-0.kafka:9092', 'kafka-1.kafka:9092']],
    ['db.shop-data.svc.cluster.local', ['db.shop-data.svc.cluster.local']],
    ['{"url":"http://api/v1"}', ['api']],
    ['upstream: api.shop.svc.cluster.local;', ['api.shop.svc.cluster.local']],
    ['http://events.flux.svc.cluster.local./', ['events.flux.svc.cluster.local']],
    ['amqp://guest:guest@queue:5672//', ['queue:5672']],
    ['Host=db;Database=orders;Username=u;Password=p', ['db']],
    ['Database=orders;Server=tcp:db,1433;User Id=u', ['db']],
    ['Data Source=db.shop-data;Initial Catalog=orders', ['db.shop-data']],
    ['Host=db-0.db,db-1.db;Database=orders', ['db-0.db', 'db-1.db']],
    ['Server=db:5432;Port=5432', ['db:5432']],
    ['host=db user=u password=p', ['db']],
    ["user=u host='db' port=5432", ['db']],
  ])('%s names %j', (text, hosts) => {
    expect(found(text)).toEqual(hosts);
  });

  it.each([
    'db',
    'nginx:1.25',
    'registry.example/app:v1',
    '12:30:45',
    'user:hunter2@example',
    'a:99999',
    '$(DB_HOST):5432',
    'key: value',
    'postgres://us3r:s3cret',
    '10.0.0.1:80',
    'host=db',
    'host = db\nuser = u',
    'Host=10.0.0.1;Database=orders',
    'ghost=db;Database=orders',
    'localhost=db user=u',
    'Host=;Database=orders',
    '',
  ])('%s names none', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('never shows a password that is part of a URL', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{5,9}$/);
    fc.assert(
      fc.property(word, word, word, (user, password, host) => {
        fc.pre(!host.includes(password) && !host.includes(user));
        const text = found(`postgres://${user}:${password}@${host}:5432/x`).join(' ');
        expect(text).toBe(`${host}:5432`);
      }),
    );
  });

  it('never shows a password that is part of a connection string', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{5,9}$/);
    fc.assert(
      fc.property(word, word, (password, host) => {
        fc.pre(!host.includes(password));
        for (const text of [`Password=${password};Host=${host};`, `host=${host} password=${password}`]) {
          expect(found(text)).toEqual([host]);
        }
      }),
    );
  });

  it.each([
    'a'.repeat(60_000),
    'a.'.repeat(30_000),
    'a:'.repeat(30_000),
    'a://'.repeat(15_000),
    'a-1.svc.'.repeat(8000),
    'host=a'.repeat(10_000),
    'host=a '.repeat(10_000),
    'host=a,'.repeat(10_000),
    `host=a${' '.repeat(60_000)}`,
    'data source = '.repeat(5000),
  ])('reads text made to be slow in no time (case %#)', (text) => {
    const start = process.cpuUsage();
    hostsInCommand(text);
    expect(process.cpuUsage(start).user).toBeLessThan(1_500_000);
  });

  it.each([
    ['until nc -z -w 1 db 5432; do sleep 1; done', ['db']],
    ['pg_isready -h db -U app', ['db']],
    ['redis-cli -h cache ping', ['cache']],
    ['df -h | grep data', []],
  ])('the command line %s calls %j', (text, hosts) => {
    expect(hostsInCommand(text).map(({ name }) => name)).toEqual(hosts);
  });
});

describe('hostOf', () => {
  it.each([
    ['db', { name: 'db', matched: 'db' }],
    ['DB:5432', { name: 'db', matched: 'DB:5432', port: 5432 }],
    ['db:0', undefined],
    ['0.0.0.0', undefined],
    ['two words', undefined],
  ])('reads %s', (text, host) => {
    expect(hostOf(text)).toEqual(host);
  });
});

describe('serviceNamed', () => {
  const world = worldOf([anObject('Namespace', 'shop-data'), anObject('ConfigMap', 'shop/c')]);

  it.each([
    ['db', 'Service/shop/db'],
    ['db.shop-data', 'Service/shop-data/db'],
    ['db.shop-data.svc', 'Service/shop-data/db'],
    ['db.elsewhere.svc.cluster.local', 'Service/elsewhere/db'],
    ['db-0.db', 'Service/shop/db'],
    ['db-0.db.shop-data', 'Service/shop-data/db'],
    ['db-0.db.shop-data.svc', 'Service/shop-data/db'],
    ['example.com', undefined],
    ['www.example.com', undefined],
    ['localhost', undefined],
    ['svc', 'Service/shop/svc'],
  ])('%s from shop is %s', (name, key) => {
    const to = serviceNamed(name, 'shop', world);
    expect(to && refKey(to)).toBe(key);
  });
});
