import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Series } from '../src/data';
import { Ended, endingOf, Loader, type Ending } from '../src/loader';
import { slices } from './harness';

const SIZE = 48; // bytes of a test frame
const series = (count: number, id = 's'): Series => ({
  id, label: id, modality: 'CT', frames: slices(count).map((frame, k) => ({ ...frame, url: `${id}/${k}` })),
});
const rest = async (loader: Loader): Promise<void> => {
  do await new Promise((resolve) => setTimeout(resolve, 5));
  while (!loader.idle);
};

interface Told {
  asked: string[];
  failed: number[];
  endings: Ending[];
  most: number;
}

function loaderOf(budget: number, answer: (url: string, tries: number) => void = () => undefined, reach = Infinity): [Loader, Told] {
  const told: Told = { asked: [], failed: [], endings: [], most: 0 };
  let flying = 0;
  const source = {
    async fetch(url: string): Promise<ArrayBuffer> {
      told.asked.push(url);
      told.most = Math.max(told.most, ++flying);
      await new Promise((resolve) => setTimeout(resolve, 0));
      flying--;
      answer(url, told.asked.filter((asked) => asked === url).length);
      return new ArrayBuffer(SIZE);
    },
  };
  const events = { loaded: () => undefined, failed: (_: Series, index: number) => told.failed.push(index), ended: (ending: Ending) => told.endings.push(ending) };
  return [new Loader(source, budget, reach, events, 1), told];
}

test('the frame in sight comes first, then its neighbours, few at a time', async () => {
  const [loader, told] = loaderOf(1e6);
  const one = series(20);
  loader.focus(one, 10);
  await rest(loader);
  assert.equal(told.asked[0], 's/10');
  assert.deepEqual(told.asked.slice(1, 5).sort(), ['s/11', 's/12', 's/8', 's/9']);
  assert.equal(loader.count(one), 20);
  assert.ok(told.most <= 5);
});

test('memory stays within its bounds and keeps what is near', async () => {
  const [loader] = loaderOf(6 * SIZE);
  const one = series(50);
  for (const index of [5, 40]) {
    loader.focus(one, index);
    await rest(loader);
    assert.ok(loader.bytes <= 6 * SIZE);
    assert.ok(loader.get(one.frames[index]!));
  }
  assert.equal(loader.get(one.frames[5]!), undefined);
});

test('a reader who saves data gets the neighbours only', async () => {
  const [loader, told] = loaderOf(1e6, undefined, 2);
  loader.focus(series(50), 20);
  await rest(loader);
  assert.equal(told.asked.length, 5);
});

test('a passing fault is tried again, a lasting one is told', async () => {
  const [loader, told] = loaderOf(1e6, (url, tries) => {
    if (url === 's/0' && tries < 3) throw new Error('503');
    if (url === 's/1') throw new Error('503');
  });
  const one = series(3);
  loader.focus(one, 0);
  await rest(loader);
  assert.ok(loader.get(one.frames[0]!));
  assert.deepEqual(told.failed, [1]);
  assert.ok(loader.isBroken(one.frames[1]!));
});

test('when access ends, nothing stays in memory and nothing more is asked', async () => {
  const [loader, told] = loaderOf(1e6, (url) => {
    if (url === 's/7') throw new Ended('gone');
  });
  const one = series(30);
  loader.focus(one, 0);
  await rest(loader);
  assert.deepEqual(told.endings, ['gone']);
  assert.equal(loader.bytes, 0);
  const asked = told.asked.length;
  loader.focus(one, 20);
  await rest(loader);
  assert.equal(told.asked.length, asked);
});

test('each refusal of the server has its meaning', () => {
  assert.deepEqual([200, 401, 403, 404, 410, 500].map(endingOf), [null, 'signed-out', 'gone', 'gone', 'gone', null]);
});
